using System.Text;
using Llama.Model.Text;
using Llama.Model.Text.Bpe;

namespace Llama.Model.Guidance.Tokens;

/// <summary>Spells text as the tokenizer would, also where the text goes on from something before it.</summary>
internal sealed class CanonicalSpelling(Tokenizer tokenizer, TokenTexts texts)
{
    // Encoders that put a space before every text are asked for it behind something that does not merge with it, which is then taken away.
    private static readonly string[] Before = ["", "\n", "a", "0", "."];

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">Whole characters.</param>
    /// <param name="atStart">Whether the sequence's text starts here.</param>
    /// <param name="tokens">Tokens that print exactly the text.</param>
    /// <returns>False where the tokenizer rewrites the text, so that no canonical spelling prints it.</returns>
    public bool TrySpell(string text, bool atStart, out ReadOnlySpan<int> tokens)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        tokens = Encode(text, atStart: true);
        if (atStart && Prints(tokens, utf8, atStart: true)) return true;
        foreach (string before in Before)
        {
            tokens = Without(before, Encode(before + text, atStart: false));
            if (Prints(tokens, utf8, atStart: false)) return true;
        }
        return false;
    }

    private int[] Encode(string text, bool atStart)
    {
        var ids = new PooledList<int>(text.Length + 1);
        tokenizer.Parts.Encoder.Encode(text, atStart, ref ids);
        int[] encoded = ids.Items.ToArray();
        ids.Dispose();
        return encoded;
    }

    // Takes tokens away until they have printed what stands before; nothing is left where one goes across the border.
    private ReadOnlySpan<int> Without(string before, int[] encoded)
    {
        var printed = new StringBuilder();
        int taken = 0;
        while (taken < encoded.Length && !printed.ToString().EndsWith(before, StringComparison.Ordinal)) printed.Append(Encoding.UTF8.GetString(texts.Bytes(encoded[taken++])));
        return encoded.AsSpan(taken);
    }

    private bool Prints(ReadOnlySpan<int> tokens, ReadOnlySpan<byte> text, bool atStart)
    {
        foreach (int token in tokens)
        {
            ReadOnlySpan<byte> bytes = atStart ? texts.BytesAtStart(token) : texts.Bytes(token);
            if (bytes.IsEmpty || !text.StartsWith(bytes)) return false;
            text = text[bytes.Length..];
            atStart = false;
        }
        return text.IsEmpty;
    }
}
