using Llama.Model.Text;
using Llama.Scheduling;

namespace Llama.Server.Hosting;

/// <summary>The first step pays for what later ones find ready (thread pools, kernels, caches), and shows that the model runs at all.</summary>
internal static class WarmUp
{
    /// <param name="engine">Runs the model.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="stepFault">What the last step that failed threw, as the engine told it.</param>
    /// <param name="stopping">Nobody waits for it any more.</param>
    /// <exception cref="InvalidOperationException">The model does not run.</exception>
    public static async Task RunAsync(Engine engine, Tokenizer tokenizer, Func<Exception?> stepFault, CancellationToken stopping)
    {
        var request = new GenerationRequest { PromptTokenIds = [tokenizer.BosId ?? 0], MaxTokens = 1, IsProbe = true };
        if (!engine.TrySubmit(request, out Generation? generation, out Refusal? refusal))
            throw new InvalidOperationException($"The model was loaded, but the engine refuses a prompt of one token: {refusal.Reason}.");
        await using (generation)
        {
            await foreach (GenerationEvent last in generation.Events.ReadAllAsync(stopping))
            {
                if (last.Finish is FinishReason.Failed)
                    throw new InvalidOperationException(stepFault() is { } cause ? $"The model was loaded, but its first step failed: {cause.Message}" : "The model was loaded, but its first step failed.");
            }
        }
    }
}
