using Llama.Model.Text.Bpe;

namespace Llama.Model.Text;

/// <summary>What a <see cref="Tokenizer"/> is made of, whichever files it was read from.</summary>
internal sealed record TokenizerParts
{
    public required Vocabulary Vocabulary { get; init; }

    public required ITextEncoder Encoder { get; init; }

    public required SpecialTokens Specials { get; init; }

    public required int? BosId { get; init; }

    public required int? EosId { get; init; }

    /// <summary>Whether plain text is to begin with BOS.</summary>
    public required bool AddsBos { get; init; }

    /// <summary>Whether tokens are stretches of bytes that may end inside a character, rather than whole characters and single bytes.</summary>
    public bool IsByteLevel { get; init; }

    /// <summary>Whether decoding drops the space of the dummy prefix at the start of a sequence.</summary>
    public bool DropsLeadingSpace { get; init; }

    /// <summary>Whether it goes on to drop spaces until something is printed, as SentencePiece does under remove_extra_whitespaces.</summary>
    public bool DropsEveryLeadingSpace { get; init; }
}
