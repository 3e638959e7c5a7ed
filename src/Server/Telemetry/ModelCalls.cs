using System.Diagnostics;

namespace Llama.Server.Telemetry;

/// <summary>Measures and traces every request to a route that has the model work, those that are refused as well.</summary>
internal sealed class ModelCalls(RequestDelegate next, ModelCallMetrics metrics, TextRecorder texts, TimeProvider clock)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<ModelOperation>() is { } operation ? FollowAsync(context, new ModelCall(operation.Name)) : next(context);

    private async Task FollowAsync(HttpContext context, ModelCall call)
    {
        context.Features.Set(call);
        long start = clock.GetTimestamp();
        using Activity? span = ModelCallSpan.Start(call);
        Exception? thrown = null;
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            thrown = exception;
            throw;
        }
        finally
        {
            call.End(context, thrown);
            metrics.Ended(call, clock.GetElapsedTime(start));
            if (span is { IsAllDataRequested: true })
                ModelCallSpan.Write(span, call, context, clock);
            texts.Record(call, context.TraceIdentifier, span);
        }
    }
}
