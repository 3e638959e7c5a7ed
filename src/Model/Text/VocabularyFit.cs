using System.Globalization;

namespace Llama.Model.Text;

/// <summary>
/// Whether a model has a row for each token that its tokenizer and chat format make. A checkpoint may well have tokens beyond them that nothing makes (a padding token that was added for
/// training is the usual one): to refuse these would refuse models that serve.
/// </summary>
public static class VocabularyFit
{
    /// <summary>What would fail, in words with the remedy; null where nothing can.</summary>
    /// <param name="tokenizer">The checkpoint's.</param>
    /// <param name="chat">Its format, of which conversations of the usual kinds are tried.</param>
    /// <param name="vocabSize">Number of token ids of the model.</param>
    public static string? Fault(Tokenizer tokenizer, ChatFormat chat, int vocabSize)
    {
        if (tokenizer.VocabSize <= vocabSize) return null;
        HashSet<int> written = chat.SampleTokens();
        foreach (int id in Enumerable.Range(vocabSize, tokenizer.VocabSize - vocabSize))
            if (Maker(id) is { } maker) return string.Create(CultureInfo.InvariantCulture, $"The tokenizer has {tokenizer.VocabSize:N0} tokens, and the model rows for {vocabSize:N0}: {maker} token {id:N0} ('{tokenizer.Piece(id)}'), which it does not have. Use the tokenizer files that belong to these weights, or take out of them what was added.");
        return null;

        string? Maker(int id) => tokenizer.Parts.Vocabulary.KindOf(id) switch
        {
            TokenKind.Normal or TokenKind.UserDefined or TokenKind.Byte or TokenKind.Unknown => "texts become",
            _ when id == tokenizer.BosId => "prompts begin with",
            _ when id == tokenizer.EosId => "answers end with",
            _ when written.Contains(id) => "the chat template writes",
            _ => null,
        };
    }
}
