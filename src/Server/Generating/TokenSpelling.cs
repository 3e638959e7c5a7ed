using System.Text;
using Llama.Model.Text;

namespace Llama.Server.Generating;

/// <summary>How tokens are shown one by one, beside their log-probabilities.</summary>
internal static class TokenSpelling
{
    /// <summary>The bytes that a token adds to the text; at the start of a sequence without the tokenizer's dummy space, as in the text.</summary>
    public static ReadOnlySpan<byte> Bytes(Tokenizer tokenizer, int id, bool atSequenceStart)
    {
        ReadOnlySpan<byte> bytes = tokenizer.Bytes(id);
        return atSequenceStart && tokenizer.Piece(id).StartsWith('▁') ? bytes[1..] : bytes;
    }

    /// <summary>Those bytes as text; U+FFFD where they are part of a character.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
