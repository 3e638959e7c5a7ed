namespace Llama.Server.Admin;

/// <summary>A request under way, until it is disposed: counts and times, never text.</summary>
/// <param name="Id">The id that its caller, the log and its answer share.</param>
/// <param name="Key">Name of its key; <c>-</c> without one.</param>
/// <param name="Route">What was asked.</param>
/// <param name="Model">What answers.</param>
/// <param name="Start">Timestamp of its arrival.</param>
/// <param name="Progress">Tells how far it is, from any thread.</param>
/// <param name="Abort">Ends it; from any thread, and does nothing where it has ended meanwhile.</param>
/// <param name="Gone">Called at its end.</param>
internal sealed record LiveRequest(string Id, string Key, string Route, string Model, long Start, Func<LiveProgress> Progress, Action Abort, Action<LiveRequest> Gone) : IDisposable
{
    public void Dispose() => Gone(this);
}
