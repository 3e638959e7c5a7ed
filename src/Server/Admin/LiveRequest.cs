namespace Llama.Server.Admin;

/// <summary>A request under way, until it is disposed: counts and times, never text.</summary>
/// <param name="id">The id that its caller, the log and its answer share.</param>
/// <param name="key">Name of its key; <c>-</c> without one.</param>
/// <param name="route">What was asked.</param>
/// <param name="model">What answers.</param>
/// <param name="start">Timestamp of its arrival.</param>
/// <param name="progress">Tells how far it is, from any thread.</param>
/// <param name="abort">Ends it; from any thread, and also when it has ended meanwhile.</param>
/// <param name="gone">Called at its end.</param>
internal sealed class LiveRequest(string id, string key, string route, string model, long start, Func<LiveProgress> progress, Action abort, Action<LiveRequest> gone) : IDisposable
{
    public string Id => id;

    public string Key => key;

    public string Route => route;

    public string Model => model;

    public long Start => start;

    public LiveProgress Progress => progress();

    /// <summary>Ends it; does nothing where it has ended meanwhile.</summary>
    public void Abort() => abort();

    public void Dispose() => gone(this);
}
