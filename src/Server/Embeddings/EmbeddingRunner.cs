using Llama.Scheduling;
using Llama.Server.Admin;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Limits;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Options;

namespace Llama.Server.Embeddings;

/// <summary>From inputs to the last byte of their answer, within the caller's limits.</summary>
internal sealed class EmbeddingRunner(RequestLimits limits, KeyMetrics metrics, LiveRequests live, IOptions<SchedulerSettings> scheduler)
{
    /// <summary>Computes the vectors and has them written; returns what is wrong when there are none, and else nothing that is left to answer.</summary>
    public async Task<IResult> RunAsync(HttpContext context, Engine engine, Checkpoint checkpoint, EmbeddingInput[] inputs, Func<IEnumerable<float[]>, Task> write)
    {
        int tokenCount = inputs.TokenCount();
        (Admission? admission, ApiError? error) = await limits.EnterAsync(context, tokenCount, LimitedOutput.None);
        if (admission is null)
            return error!;
        using Admission entered = admission;
        await using var run = new EmbeddingRun(engine, scheduler.Value.MaxSequences);
        using LiveRequest shown = live.Show(context, checkpoint.Name, () => new LiveProgress(run.IsWaiting, tokenCount, 0), run.AbortByOperator);
        try
        {
            error = await run.RunAsync(inputs, context.RequestAborted);
        }
        finally
        {
            Account(admission, Caller.Of(context), run.TokenCount);
        }
        if (error is not null)
            return error;
        await write(run.Vectors);
        return Results.Empty;
    }

    /// <summary>Counts what was begun, also for a caller that leaves before the vectors are there. A request of which nothing was begun counts for nothing.</summary>
    private void Account(Admission admission, Caller? caller, int tokenCount)
    {
        if (tokenCount == 0)
            return;
        admission.Use(tokenCount);
        metrics.Served(caller?.Key?.Name, tokenCount, 0);
    }
}
