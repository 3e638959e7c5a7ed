using System.Security.Cryptography;
using System.Text;
using Llama.Model;
using Llama.Model.Text;
using Llama.Server.Tools.Formats;

namespace Llama.Server.Hosting;

/// <summary>The served model as the HTTP side knows it: its name, its text and its limits.</summary>
/// <param name="Name">Id shown by <c>/v1/models</c>.</param>
/// <param name="Text">Tokenizer, chat format and sampling defaults.</param>
/// <param name="Limits">What the loaded model can hold.</param>
/// <param name="Fingerprint">Changes with whatever may change an answer: <c>system_fingerprint</c>.</param>
internal sealed record Checkpoint(string Name, CheckpointText Text, ModelLimits Limits, string Fingerprint)
{
    public static Checkpoint Of(string name, CheckpointText text, ModelLimits limits, ModelDescription description)
    {
        string all = $"{typeof(Checkpoint).Assembly.GetName().Version} {name} {description.Computation}";
        return new Checkpoint(name, text, limits, "fp_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)).AsSpan(0, 5)));
    }

    /// <summary>Most tokens of prompt and answer together: the model's context, or what the KV cache holds where that is less.</summary>
    public int ContextLength => Limits.LongestSequence;

    public Tokenizer Tokenizer => Text.Tokenizer;

    public ChatFormat Chat => Text.Chat;

    public ToolFormat ToolFormat => Text.ToolFormat;

    /// <summary>The control token that begins tool calls; null where they begin with text.</summary>
    public int? CallTokenId => Tokenizer.TryGetId(ToolFormat.Marker, out int marker) && Tokenizer.IsSpecial(marker) && marker < Limits.VocabSize ? marker : null;

    public GenerationDefaults Defaults => Text.Defaults;

    /// <summary>A plain text as tokens; special tokens come before it only where the checkpoint wants them.</summary>
    public int[] Encode(string text, bool addSpecialTokens) => Tokenizer.Encode(text, addBos: addSpecialTokens && Tokenizer.AddsBos);
}
