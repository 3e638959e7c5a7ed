using Llama.Model;
using Llama.Model.Text;

namespace Llama.Server.Hosting;

/// <summary>The served model as the HTTP side knows it: its name, its text and its limits.</summary>
/// <param name="Name">Id shown by <c>/v1/models</c>.</param>
/// <param name="Text">Tokenizer, chat format and sampling defaults.</param>
/// <param name="Limits">What the loaded model can hold.</param>
/// <param name="Fingerprint">Changes with whatever may change an answer: <c>system_fingerprint</c>.</param>
internal sealed record Checkpoint(string Name, CheckpointText Text, ModelLimits Limits, string Fingerprint)
{
    /// <summary>Most tokens of prompt and answer together: the model's context, or what the KV cache holds where that is less (the last token drawn needs no room).</summary>
    public int ContextLength => Math.Min(Limits.ContextLength, Limits.BlockCount * Limits.BlockSize + 1);

    public Tokenizer Tokenizer => Text.Tokenizer;

    public ChatFormat Chat => Text.Chat;

    public GenerationDefaults Defaults => Text.Defaults;
}

/// <summary>What a checkpoint's folder says about text.</summary>
internal sealed record CheckpointText(Tokenizer Tokenizer, ChatFormat Chat, GenerationDefaults Defaults)
{
    public static CheckpointText Load(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        return new CheckpointText(tokenizer, ChatFormat.Load(folder, tokenizer), GenerationDefaults.Load(folder, tokenizer));
    }
}
