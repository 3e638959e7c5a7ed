using Llama.Model.Sampling;
using Llama.Model.Text;
using Llama.Server.Generating;

namespace Llama.Server.Chat;

/// <summary>Words log-probabilities as the chat route does: the bytes of an answer's tokens, one behind the other, are those of its text.</summary>
/// <param name="tokenizer">Spells the tokens.</param>
/// <param name="skipSpecialTokens">Whether control tokens print nothing, so that they have no bytes.</param>
internal sealed class ChatLogprobFormat(Tokenizer tokenizer, bool skipSpecialTokens)
{
    public ChatLogprobs From(ReadOnlySpan<DrawnToken> tokens)
    {
        var content = new List<ChatTokenLogprob>(tokens.Length);
        foreach (DrawnToken token in tokens)
        {
            if (token.IsText)
                content.Add(From(token));
        }
        return new ChatLogprobs(content, Refusal: null);
    }

    private ChatTokenLogprob From(DrawnToken token)
    {
        (string text, int[] bytes) = Spell(token.Token.TokenId, token.IsFirst);
        return new ChatTokenLogprob(text, token.Token.Logprob, bytes, [.. (token.Token.Top ?? []).Select(other => From(other, token.IsFirst))]);
    }

    private ChatTopLogprob From(TokenLogprob token, bool isFirst)
    {
        (string text, int[] bytes) = Spell(token.TokenId, isFirst);
        return new ChatTopLogprob(text, token.Logprob, bytes);
    }

    private (string Text, int[] Bytes) Spell(int id, bool isFirst)
    {
        ReadOnlySpan<byte> bytes = TokenSpelling.Bytes(tokenizer, id, isFirst);
        bool printsNothing = skipSpecialTokens && tokenizer.IsSpecial(id);
        return (TokenSpelling.Text(bytes), printsNothing ? [] : Numbers(bytes));
    }

    /// <summary>As numbers: a byte[] would be written in base64.</summary>
    private static int[] Numbers(ReadOnlySpan<byte> bytes)
    {
        int[] numbers = new int[bytes.Length];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = bytes[i];
        return numbers;
    }
}
