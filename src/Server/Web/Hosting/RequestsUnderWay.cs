namespace Llama.Server.Web.Hosting;

/// <summary>Counts the requests to our routes that have come and are not answered to their end. Safe for concurrent use.</summary>
internal sealed class RequestsUnderWay
{
    private readonly TaskCompletionSource _none = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isAwaited;
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Counts a request while it is answered.</summary>
    public async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _count);
        try
        {
            await next(context);
        }
        finally
        {
            if (Interlocked.Decrement(ref _count) == 0 && _isAwaited)
                _none.TrySetResult();
        }
    }

    /// <summary>
    /// Waits until there is none. To be called before the web server is told to stop: a stopping server no longer times out requests whose bodies do not come, and would wait for them as long as the host lets it.
    /// </summary>
    /// <param name="patience">Cancelled when that takes too long.</param>
    public async Task EndAsync(CancellationToken patience)
    {
        _isAwaited = true;
        Interlocked.MemoryBarrier(); // all that is written here comes before the look: whoever ends behind it tells
        if (Count > 0)
            await _none.Task.WaitAsync(patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
