namespace Llama.Fleet;

/// <summary>Something that a fleet must stand.</summary>
internal interface ITrial
{
    /// <summary>Runs it, prints one line and tells whether the fleet stood it.</summary>
    /// <param name="port">The front's; the replicas' follow.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<bool> RunAsync(int port, CancellationToken cancellation);
}
