using Llama.Fleet;

namespace Llama.Soak.Abuse;

/// <summary>Something that a server must stand.</summary>
internal interface IAbuse
{
    /// <summary>Does it and judges what came of it.</summary>
    Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation);
}
