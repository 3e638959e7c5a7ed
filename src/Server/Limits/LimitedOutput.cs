using Llama.Server.Generating;

namespace Llama.Server.Limits;

/// <summary>How much a request's answers may grow.</summary>
/// <param name="MaxTokens">The most tokens that all of them may have.</param>
/// <param name="AnswerCount">How many they are.</param>
/// <param name="IsBounded">Whether the request set that limit; else it is what the context has room for, which hardly any answer fills.</param>
internal readonly record struct LimitedOutput(long MaxTokens, int AnswerCount, bool IsBounded)
{
    /// <summary>Of a request that only has its prompt read.</summary>
    public static LimitedOutput None => default;

    public static LimitedOutput Of(GenerationPlan plan, bool isBounded) => new(plan.Choices.Sum(choice => (long)choice.Request.MaxTokens), plan.Choices.Count, isBounded);

    /// <summary>What the answers are taken to cost until they are there. An assumption alone keeps no request out for good.</summary>
    /// <param name="assumed">Tokens that an answer without a limit is taken to have.</param>
    /// <param name="room">What the caller's limit leaves beside the prompt; null without one.</param>
    public long Cost(int assumed, long? room)
    {
        if (IsBounded)
            return MaxTokens;
        long cost = Math.Min(MaxTokens, (long)assumed * AnswerCount);
        return room is > 0 ? Math.Min(cost, room.Value) : cost;
    }
}
