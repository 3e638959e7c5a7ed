using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.SentencePiece;

/// <summary>Rewrites text as SentencePiece does before it splits it (normalizer.cc, <c>Normalizer::Normalize</c>), in UTF-8.</summary>
internal sealed class SentencePieceNormalizer(NormalizerSpec spec, bool whitespaceAsSuffix, PrefixMatcher userDefined)
{
    private ReadOnlySpan<byte> Space => spec.EscapeWhitespaces ? "\u2581"u8 : " "u8;

    /// <summary>Appends the rewritten text; nothing for text that is nothing but removed spaces.</summary>
    /// <param name="text">Any.</param>
    /// <param name="hasPrefix">Whether it gets the dummy prefix, where the model has one.</param>
    /// <param name="output">Where it goes.</param>
    public void Normalize(ReadOnlySpan<byte> text, bool hasPrefix, ref PooledList<byte> output)
    {
        if (spec.RemoveExtraWhitespaces) text = SkipSpaces(text);
        if (text.IsEmpty) return;
        bool isPrefixed = spec.AddDummyPrefix && hasPrefix;
        if (isPrefixed && !whitespaceAsSuffix) output.Add(Space);
        AppendAll(text, ref output);
        if (spec.RemoveExtraWhitespaces) TrimEnd(ref output);
        if (isPrefixed && whitespaceAsSuffix) output.Add(Space);
    }

    /// <summary>Length of the UTF-8 character that the text begins with.</summary>
    public static int CharacterLength(byte first) => first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    private ReadOnlySpan<byte> SkipSpaces(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && NormalizePrefix(text, out int consumed).SequenceEqual(" "u8)) text = text[consumed..];
        return text;
    }

    private void AppendAll(ReadOnlySpan<byte> text, ref PooledList<byte> output)
    {
        bool afterSpace = spec.RemoveExtraWhitespaces;
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> part = NormalizePrefix(text, out int consumed);
            if (afterSpace) part = part.TrimStart((byte)' ');
            if (!part.IsEmpty)
            {
                Append(part, ref output);
                afterSpace = spec.RemoveExtraWhitespaces && part[^1] == (byte)' ';
            }
            text = text[consumed..];
        }
    }

    // User-defined pieces are kept as they stand; then the longest rule; then one character.
    private ReadOnlySpan<byte> NormalizePrefix(ReadOnlySpan<byte> text, out int consumed)
    {
        consumed = userDefined.Match(text);
        if (consumed > 0) return text[..consumed];
        if (spec.CharsMap is { } rules && rules.TryReplace(text, out ReadOnlySpan<byte> replacement, out consumed)) return replacement;
        consumed = Math.Min(CharacterLength(text[0]), text.Length);
        return text[..consumed];
    }

    private void Append(ReadOnlySpan<byte> part, ref PooledList<byte> output)
    {
        foreach (byte b in part)
        {
            if (b == (byte)' ') output.Add(Space);
            else output.Add(b);
        }
    }

    private void TrimEnd(ref PooledList<byte> output)
    {
        while (output.Items.EndsWith(Space)) output.Truncate(output.Count - Space.Length);
    }
}
