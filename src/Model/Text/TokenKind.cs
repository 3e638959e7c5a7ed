namespace Llama.Model.Text;

/// <summary>What a token is for; the first six are SentencePiece's types.</summary>
internal enum TokenKind : byte
{
    Normal,
    Unknown,

    /// <summary>Never made from users' text and invisible in output, such as BOS.</summary>
    Control,

    /// <summary>Taken from text whole, before any merging.</summary>
    UserDefined,

    /// <summary>Known to the merges, but split again at the end.</summary>
    Unused,

    /// <summary>One byte of a character that the vocabulary lacks.</summary>
    Byte,

    /// <summary>Added to the checkpoint's vocabulary as an ordinary word; visible in output, never made from users' text.</summary>
    Added,
}
