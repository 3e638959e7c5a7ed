using Llama.Model;

namespace Llama.Scheduling;

/// <summary>Decides on the caller's thread whether requests are worth queueing.</summary>
internal sealed class Gate(EngineLife life, SchedulerOptions options, Backlog backlog)
{
    private static readonly TimeSpan RetryElsewhere = TimeSpan.FromSeconds(1);

    private ModelLimits? _limits; // there from the moment the state is Ready

    /// <summary>What those hear who come after the engine has begun to drain.</summary>
    public static Refusal Closed => new(RefusalReason.Draining, RetryAfter: RetryElsewhere);

    /// <summary>Whether those who were let in may still submit. Looked at once they are in the backlog, for which a draining engine waits.</summary>
    public bool IsOpen => life.State == EngineState.Ready;

    /// <summary>Of the model, once somebody was let in.</summary>
    public int HiddenSize => _limits!.HiddenSize;

    /// <summary>The model is loaded; before the state says so.</summary>
    public void Open(ModelLimits limits) => _limits = limits;

    /// <summary>Null lets the requests of one prompt in, and counts them in the backlog.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public Refusal? TryEnter(IReadOnlyList<GenerationRequest> requests) => life.State switch
    {
        EngineState.Ready => TryEnter(requests, _limits!),
        EngineState.Loading => new Refusal(RefusalReason.Loading, RetryAfter: RetryElsewhere),
        EngineState.Failed => new Refusal(RefusalReason.Failed),
        _ => Closed,
    };

    private Refusal? TryEnter(IReadOnlyList<GenerationRequest> requests, ModelLimits limits)
    {
        int[] prompt = requests[0].PromptTokenIds;
        if (prompt.AsSpan().ContainsAnyExceptInRange(0, limits.VocabSize - 1))
            throw new ArgumentException($"A prompt token is outside the vocabulary of {limits.VocabSize}.", nameof(requests));

        int maxTokens = requests.Max(request => request.MaxTokens);
        if ((long)prompt.Length + maxTokens > limits.ContextLength) return new Refusal(RefusalReason.ContextLength, limits.ContextLength);
        // Answers to one prompt need not fit all at once.
        if (!limits.Hold(prompt.Length, maxTokens)) return new Refusal(RefusalReason.PoolSize, limits.LongestPrompt);
        if (requests.Min(request => request.Timeout) is { } timeout && backlog.Outlasts(timeout)) return new Refusal(RefusalReason.Deadline, RetryAfter: backlog.RetryAfter());
        return backlog.TryEnter(requests) ? null : new Refusal(RefusalReason.QueueFull, options.MaxQueueLength, backlog.RetryAfter());
    }

    /// <exception cref="ArgumentException">A request asks for nothing, or of nothing; or they do not belong together.</exception>
    public static void CheckArguments(IReadOnlyList<GenerationRequest> requests)
    {
        if (requests.Count == 0) throw new ArgumentException("There is no request.", nameof(requests));
        if (requests[0].PromptTokenIds.Length == 0) throw new ArgumentException("The prompt has no token.", nameof(requests));
        foreach (GenerationRequest request in requests)
        {
            bool mayEndAtOnce = request.PromptLogprobs is not null || request.WantsEmbedding;
            if (request.MaxTokens < (mayEndAtOnce ? 0 : 1)) throw new ArgumentException("MaxTokens is below 1, or below 0 with something wanted of the prompt.", nameof(requests));
            if (request.ShareWeight < 1) throw new ArgumentException("ShareWeight is below 1.", nameof(requests));
            if (!ContinuesSame(requests[0], request))
                throw new ArgumentException("The requests differ in prompt, salt, priority, share key, or in what is wanted of the prompt.", nameof(requests));
        }
    }

    private static bool ContinuesSame(GenerationRequest one, GenerationRequest other) =>
        (one.CacheSalt, one.Priority, one.ShareKey, one.PromptLogprobs, one.WantsEmbedding) == (other.CacheSalt, other.Priority, other.ShareKey, other.PromptLogprobs, other.WantsEmbedding)
        && (one.PromptTokenIds == other.PromptTokenIds || one.PromptTokenIds.AsSpan().SequenceEqual(other.PromptTokenIds));
}
