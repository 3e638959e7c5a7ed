using System.Text.Json;
using Llama.Gateway.Balancing;
using Llama.Gateway.Streaming;
using Llama.Server.Web.Errors;
using Yarp.ReverseProxy.Transforms;

namespace Llama.Gateway.Forwarding;

/// <summary>Looks at a replica's answer before its first byte goes to the caller: whether another replica is to be asked instead, and whether it is a stream that may break.</summary>
internal sealed class ReplicaAnswer(StoredResponses stored, StreamLimits limits) : ResponseTransform
{
    private const int MostOfError = 64 << 10; // bytes; the server's are smaller

    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } answer)
            return default;
        int status = (int)answer.StatusCode;
        bool namesStored = context.HttpContext.Features.Get<RoutingKey>() is { StoredId: not null };
        if ((status == StatusCodes.Status503ServiceUnavailable && !IsFinal(answer)) || (namesStored && status is StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound))
            return new ValueTask(ConsiderAsync(context, answer, status));
        if (answer.IsSuccessStatusCode)
            Pass(context.HttpContext, answer);
        return default;
    }

    /// <summary>Whether the replica says that the request would fare no better elsewhere, as one whose own time is up.</summary>
    private static bool IsFinal(HttpResponseMessage answer) => answer.Headers.TryGetValues("x-should-retry", out IEnumerable<string>? retry) && retry.Contains("false");

    private async Task ConsiderAsync(ResponseTransformContext context, HttpResponseMessage answer, int status)
    {
        Attempt attempt = context.HttpContext.Features.Get<Attempt>()!;
        byte[]? body = await TryReadAsync(answer.Content, context.HttpContext.RequestAborted);
        Outcome outcome = body is null ? Outcome.Failed : Of(status, body);
        if (outcome is Outcome.Failed || (outcome is not Outcome.Answered && (!attempt.IsLast || (outcome is Outcome.NotKept && attempt.SawTrouble))))
        {
            attempt.Withhold(outcome);
            context.SuppressResponseBody = true;
        }
    }

    /// <summary>The whole body, which stays to be passed on; null where it does not come, breaks off or is no error of ours.</summary>
    private async Task<byte[]?> TryReadAsync(HttpContent content, CancellationToken left)
    {
        using var silent = new CancellationTokenSource(limits.Silence, limits.Clock); // the proxy's own timer does not reach here
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(left, silent.Token);
        try
        {
            await content.LoadIntoBufferAsync(MostOfError, cut.Token);
            return await content.ReadAsByteArrayAsync(cut.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is OperationCanceledException && !left.IsCancellationRequested))
        {
            return null;
        }
    }

    private static Outcome Of(int status, byte[] body) => (status, Code(body)) switch
    {
        (StatusCodes.Status503ServiceUnavailable, "server_overloaded") => Outcome.Overloaded,
        (StatusCodes.Status503ServiceUnavailable, _) => Outcome.Unavailable,
        (_, "previous_response_not_found" or "response_not_found" or "item_not_found") => Outcome.NotKept,
        _ => Outcome.Answered,
    };

    private static string? Code(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ErrorJson.Web.ErrorBody)?.Error?.Code;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Pass(HttpContext request, HttpResponseMessage answer)
    {
        if (answer.Headers.TryGetValues("x-response-id", out IEnumerable<string>? ids))
            stored.Add(ids.First(), request.GetReverseProxyFeature().ProxiedDestination!.Model.Config.Address);
        if (answer.Content.Headers is not { ContentType.MediaType: "text/event-stream", ContentEncoding.Count: 0 })
            return;
        Action onBreak = EngineEvents.AreAt(request.Request.Path) ? static () => { } : request.Features.Get<Attempt>()!.Break;
        answer.Content = new EventStreamContent(answer.Content, BreakEvent.For(request.Request.Path), limits, onBreak);
    }
}
