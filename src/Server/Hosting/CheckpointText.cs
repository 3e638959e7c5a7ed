using System.Diagnostics.CodeAnalysis;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Text;
using Llama.Server.Tools.Formats;

namespace Llama.Server.Hosting;

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
        LlamaConfig? config = Config(folder);
        if (config is not null && VocabularyFit.Fault(tokenizer, chat, config.VocabSize) is { } fault) throw new InvalidDataException(fault);
        return new CheckpointText(tokenizer, chat, ToolFormat.Of(toolFormat, chat), GenerationDefaults.Load(folder, tokenizer.EosId, config?.EosTokenIds ?? []));
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

    /// <summary>The model's configuration; null where it cannot be read, which is for whoever loads it to say.</summary>
    private static LlamaConfig? Config(string folder)
    {
        try
        {
            return LlamaConfig.Load(folder);
        }
        catch (CheckpointException)
        {
            return null;
        }
    }
}
