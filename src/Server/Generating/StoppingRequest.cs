using Llama.Server.Hosting;

namespace Llama.Server.Generating;

/// <summary>What a request says about what ends an answer before its limit, field by field.</summary>
internal sealed class StoppingRequest
{
    /// <summary>Texts that end it.</summary>
    public IReadOnlyList<string> Texts { get; set; } = [];

    /// <summary>Tokens that end it, beside the checkpoint's own.</summary>
    public int[] TokenIds { get; set; } = [];

    /// <summary>Whether what ended it stays in its text.</summary>
    public bool IsShown { get; set; }

    /// <summary>Whether the checkpoint's own end tokens do not end it.</summary>
    public bool IgnoresEos { get; set; }

    /// <summary>Tokens before which nothing ends it.</summary>
    public int MinTokens { get; set; }

    /// <summary>All the tokens that end it, each once.</summary>
    public int[] TokenIdsWith(GenerationDefaults defaults) => [.. (IgnoresEos ? [] : defaults.EosIds).Union(TokenIds)];
}
