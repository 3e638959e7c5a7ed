using System.Collections.Concurrent;
using Llama.Server.Auth;

namespace Llama.Server.Admin;

/// <summary>The requests that are answered at the moment, for operators to look at and to end. Safe for concurrent use.</summary>
internal sealed class LiveRequests(TimeProvider clock)
{
    private readonly ConcurrentDictionary<LiveRequest, bool> _all = new(ReferenceEqualityComparer.Instance);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<LiveRequest> All => [.. _all.Keys.OrderBy(request => request.Start)];

    /// <summary>Shows a request until what it returns is disposed.</summary>
    public LiveRequest Show(HttpContext context, string model, Func<LiveProgress> progress, Action abort)
    {
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
        var request = new LiveRequest(context.TraceIdentifier, Caller.NameOf(context), route, model, clock.GetTimestamp(), progress, abort, gone => _all.TryRemove(gone, out _));
        _all[request] = true;
        return request;
    }

    public TimeSpan AgeOf(LiveRequest request) => clock.GetElapsedTime(request.Start);

    /// <summary>Ends all of one id, which callers choose as they like; returns how many there were.</summary>
    public int Abort(string id)
    {
        LiveRequest[] requests = [.. _all.Keys.Where(request => request.Id == id)];
        foreach (LiveRequest request in requests)
            request.Abort();
        return requests.Length;
    }
}
