using Llama.Server.Tools.Reading;

namespace Llama.Server.Generating;

/// <summary>How one answer's tokens become text.</summary>
internal sealed record TextRules
{
    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Whether what ended the answer stays in its text.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>Tokens before which no stop text is looked for.</summary>
    public int MinTokens { get; init; }

    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Whether the text begins anew, so that the tokenizer's dummy space is dropped; false where it continues the caller's.</summary>
    public bool AtSequenceStart { get; init; } = true;

    /// <summary>Makes what finds tool calls in the text; null where none can be.</summary>
    public Func<ToolCallReader>? ReadCalls { get; init; }

    /// <summary>A control token that begins calls: their reader must see it.</summary>
    public int? CallTokenId { get; init; }

    /// <summary>Whether <see cref="TextStream.Written"/> is wanted.</summary>
    public bool KeepWritten { get; init; }

    /// <summary>Whether the tokens are wanted beside the text.</summary>
    public bool KeepTokens { get; init; }
}
