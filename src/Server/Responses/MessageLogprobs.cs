using Llama.Server.Chat;
using Llama.Server.Generating;

namespace Llama.Server.Responses;

/// <summary>The log-probabilities of a message's tokens, apart from those of the calls behind it: which of the two a token belongs to shows only with the text.</summary>
internal sealed class MessageLogprobs(ChatLogprobFormat format)
{
    /// <summary>For messages that nothing follows.</summary>
    public const int All = int.MaxValue;

    private readonly List<DrawnToken> _waiting = [];

    /// <summary>Takes in tokens and gives those of the message so far that have not been given.</summary>
    /// <param name="tokens">The next tokens of the answer.</param>
    /// <param name="length">Characters of the message so far.</param>
    public IReadOnlyList<ChatTokenLogprob> Take(ReadOnlySpan<DrawnToken> tokens, int length)
    {
        if (tokens.IsEmpty && _waiting.Count == 0)
            return [];
        _waiting.AddRange(tokens);
        int count = _waiting.TakeWhile(token => token.Start < length).Count();
        IReadOnlyList<ChatTokenLogprob> logprobs = format.From(_waiting.ToArray().AsSpan(0, count)).Content;
        _waiting.RemoveRange(0, count);
        return logprobs;
    }
}
