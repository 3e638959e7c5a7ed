using Llama.Model;

namespace Llama.Scheduling;

/// <summary>Decides on the caller's thread whether a request is worth queueing.</summary>
internal sealed class Gate(ModelLimits limits, SchedulerOptions options, Backlog backlog)
{
    /// <summary>Null lets the request in, and counts it in the backlog.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public Refusal? TryEnter(GenerationRequest request)
    {
        if (request.PromptTokenIds.AsSpan().ContainsAnyExceptInRange(0, limits.VocabSize - 1))
            throw new ArgumentException($"A prompt token is outside the vocabulary of {limits.VocabSize}.", nameof(request));

        long tokenCount = (long)request.PromptTokenIds.Length + request.MaxTokens;
        if (tokenCount > limits.ContextLength) return new Refusal(RefusalReason.ContextLength, limits.ContextLength);
        // The last token drawn is never computed, so it needs no room.
        int poolTokens = limits.BlockCount * limits.BlockSize;
        if (tokenCount - 1 > poolTokens) return new Refusal(RefusalReason.PoolSize, poolTokens);
        if (request.Timeout is { } timeout && backlog.Outlasts(timeout)) return new Refusal(RefusalReason.Deadline, RetryAfter: backlog.RetryAfter());
        return backlog.TryEnter(request) ? null : new Refusal(RefusalReason.QueueFull, options.MaxQueueLength, backlog.RetryAfter());
    }

    /// <exception cref="ArgumentException">The request asks for nothing, or of nothing.</exception>
    public static void CheckArguments(GenerationRequest request)
    {
        if (request.PromptTokenIds.Length == 0) throw new ArgumentException("The prompt has no token.", nameof(request));
        if (request.MaxTokens < 1) throw new ArgumentException("MaxTokens is below 1.", nameof(request));
    }
}
