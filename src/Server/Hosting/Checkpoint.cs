using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Llama.Model;
using Llama.Model.Checkpoints;
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

    /// <summary>Most tokens of prompt and answer together: the model's context, or what the KV cache holds where that is less (the last token drawn needs no room).</summary>
    public int ContextLength => Math.Min(Limits.ContextLength, Limits.BlockCount * Limits.BlockSize + 1);

    public Tokenizer Tokenizer => Text.Tokenizer;

    public ChatFormat Chat => Text.Chat;

    public ToolFormat ToolFormat => Text.ToolFormat;

    /// <summary>The control token that begins tool calls; null where they begin with text.</summary>
    public int? CallTokenId => Tokenizer.TryGetId(ToolFormat.Marker, out int marker) && Tokenizer.IsSpecial(marker) && marker < Limits.VocabSize ? marker : null;

    public GenerationDefaults Defaults => Text.Defaults;

    /// <summary>A plain text as tokens; special tokens come before it only where the checkpoint wants them.</summary>
    public int[] Encode(string text, bool addSpecialTokens) => Tokenizer.Encode(text, addBos: addSpecialTokens && Tokenizer.AddsBos);
}

/// <summary>What a checkpoint's folder says about text.</summary>
internal sealed record CheckpointText(Tokenizer Tokenizer, ChatFormat Chat, ToolFormat ToolFormat, GenerationDefaults Defaults)
{
    /// <summary>How tools and calls are told of, for the start-up lines.</summary>
    public string Tools => $"{ToolFormat} calls, {(Chat.HasTools ? "told of by the chat template" : "told of in the system message")}";

    /// <param name="folder">The checkpoint.</param>
    /// <param name="toolFormat">How its model writes tool calls, or <c>auto</c>.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or makes tokens that the model does not have.</exception>
    public static CheckpointText Load(string folder, string toolFormat)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ChatFormat chat = ChatFormat.Load(folder, tokenizer);
        if (VocabSize(folder) is { } size && VocabularyFit.Fault(tokenizer, chat, size) is { } fault) throw new InvalidDataException(fault);
        return new CheckpointText(tokenizer, chat, ToolFormat.Of(toolFormat, chat), GenerationDefaults.Load(folder, tokenizer));
    }

    /// <summary>The same, or why not in words.</summary>
    public static bool TryLoad(string folder, string toolFormat, [NotNullWhen(true)] out CheckpointText? text, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            (text, fault) = (Load(folder, toolFormat), null);
        }
        catch (Exception e) when (e is CheckpointException or ArgumentException or IOException or InvalidDataException or NotSupportedException)
        {
            (text, fault) = (null, e.Message);
        }
        return text is not null;
    }

    /// <summary>How many tokens the model has; null where its configuration cannot be read, which is for whoever loads it to say.</summary>
    private static int? VocabSize(string folder)
    {
        try
        {
            return LlamaConfig.Load(folder).VocabSize;
        }
        catch (CheckpointException)
        {
            return null;
        }
    }
}
