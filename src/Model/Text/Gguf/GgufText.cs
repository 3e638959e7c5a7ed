using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;

namespace Llama.Model.Text.Gguf;

/// <summary>The metadata of a GGUF model that concerns text.</summary>
internal sealed class GgufText : IDisposable
{
    public const string ChatTemplateKey = "tokenizer.chat_template", ToolTemplateKey = ChatTemplateKey + ".tool_use";
    public const string Prefix = "tokenizer.ggml.";

    private readonly GgufFile _file;
    private readonly List<string> _faults = [];

    private GgufText(GgufFile file) => (_file, Keys) = (file, file.Keys(_faults));

    public string Path => _file.Path;

    public GgufKeys Keys { get; }

    /// <summary>The conversation's template, or the one named default among several.</summary>
    public string? ChatTemplate => Keys.Text(ChatTemplateKey) ?? Keys.Text(ChatTemplateKey + ".default");

    /// <summary>The template for conversations with tools.</summary>
    public string? ToolTemplate => Keys.Text(ToolTemplateKey);

    /// <summary>Null when the path is a folder in Hugging Face layout.</summary>
    /// <exception cref="CheckpointException">The file is damaged or holds no Llama.</exception>
    public static GgufText? Open(string path)
    {
        if (GgufPath.Find(path) is not { } model) return null;
        var text = new GgufText(GgufFile.Open(model));
        try
        {
            GgufConfig.CheckArchitecture(text.Keys, model);
            return text;
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>The id of the token for a purpose, e.g. <c>bos</c>; null where the file names none.</summary>
    public int? TokenId(string purpose) => Keys.OptionalInt($"{Prefix}{purpose}_token_id", 0);

    /// <summary>Spellings by the names that templates have for them.</summary>
    public Dictionary<string, string> SpecialTokens(Tokenizer tokenizer)
    {
        var spellings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string purpose) in ((string, string)[])[("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")])
            if (TokenId(purpose) is { } id && tokenizer.Piece(id) is { Length: > 0 } piece) spellings[name] = piece;
        return spellings;
    }

    /// <exception cref="CheckpointException">With every fault of the values that were read.</exception>
    public void ThrowOnFaults()
    {
        if (_faults.Count > 0) throw new CheckpointException(Path, _faults);
    }

    public void Dispose() => _file.Dispose();
}
