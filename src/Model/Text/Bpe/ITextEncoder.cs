namespace Llama.Model.Text.Bpe;

/// <summary>Turns plain text, free of special tokens, into token ids.</summary>
internal interface ITextEncoder
{
    /// <param name="text">The text; lone surrogates count as U+FFFD.</param>
    /// <param name="atStart">Whether the whole text begins here, rather than behind a special token.</param>
    /// <param name="ids">Where the ids are appended.</param>
    void Encode(ReadOnlySpan<char> text, bool atStart, ref PooledList<int> ids);
}
