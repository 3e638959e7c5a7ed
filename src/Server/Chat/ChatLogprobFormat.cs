using Llama.Model.Sampling;
using Llama.Model.Text;
using Llama.Server.Generating;

namespace Llama.Server.Chat;

/// <summary>Words log-probabilities as the chat route does.</summary>
internal sealed class ChatLogprobFormat(Tokenizer tokenizer)
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
        ReadOnlySpan<byte> bytes = TokenSpelling.Bytes(tokenizer, token.Token.TokenId, token.IsFirst);
        ChatTopLogprob[] top = [.. (token.Token.Top ?? []).Select(other => From(other, token.IsFirst))];
        return new ChatTokenLogprob(TokenSpelling.Text(bytes), token.Token.Logprob, Numbers(bytes), top);
    }

    private ChatTopLogprob From(TokenLogprob token, bool isFirst)
    {
        ReadOnlySpan<byte> bytes = TokenSpelling.Bytes(tokenizer, token.TokenId, isFirst);
        return new ChatTopLogprob(TokenSpelling.Text(bytes), token.Logprob, Numbers(bytes));
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
