namespace Llama.Model.Text;

/// <summary>Decodes one sequence token by token: the pieces concatenate to the whole text and none ends inside a character.</summary>
public sealed class IncrementalDecoder
{
    /// <summary>Starts a sequence.</summary>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="skipSpecialTokens">Whether control tokens print nothing.</param>
    /// <param name="atSequenceStart">Whether the text starts here, so that one leading space (SentencePiece's dummy prefix) is dropped.</param>
    public IncrementalDecoder(Tokenizer tokenizer, bool skipSpecialTokens = true, bool atSequenceStart = true) => throw new NotImplementedException();

    /// <summary>The characters that this token completes; empty while a character is unfinished. Valid until the next call.</summary>
    public ReadOnlySpan<char> Append(int id) => throw new NotImplementedException();

    /// <summary>What is left at the end: U+FFFD for an unfinished character, else nothing.</summary>
    public ReadOnlySpan<char> Flush() => throw new NotImplementedException();
}
