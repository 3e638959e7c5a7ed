using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Embeddings;

/// <summary>What became of one input.</summary>
/// <param name="Vector">[hidden] of norm 1; null when it failed.</param>
/// <param name="Finish">How it ended.</param>
internal readonly record struct EmbeddingResult(float[]? Vector, FinishReason Finish)
{
    /// <summary>What to tell the caller; null when it ended well.</summary>
    /// <param name="engine">What made it.</param>
    public ApiError? Failure(Engine engine) => Finish switch
    {
        FinishReason.Deadline => ApiError.Overloaded("The request's request_timeout was up before all inputs were embedded.", engine.RetryAfter),
        _ => Vector is null ? RefusalErrors.Failed(engine) : null,
    };

    /// <summary>Waits for a generation's end.</summary>
    public static async Task<EmbeddingResult> ReadAsync(Generation generation)
    {
        FinishReason finish = FinishReason.Failed;
        await foreach (GenerationEvent last in generation.Events.ReadAllAsync())
            finish = last.Finish ?? finish;
        return new EmbeddingResult(generation.Embedding is { } mean && finish == FinishReason.Length ? Normalise(mean) : null, finish);
    }

    /// <summary>Scales to norm 1, so that a dot product is the cosine of an angle, as OpenAI's embeddings have it.</summary>
    private static float[] Normalise(float[] mean)
    {
        double norm = Math.Sqrt(mean.Sum(value => (double)value * value));
        return norm == 0 ? mean : [.. mean.Select(value => (float)(value / norm))];
    }
}
