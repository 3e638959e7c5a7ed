using System.Runtime.ExceptionServices;

namespace Llama.Model.Parallel;

/// <summary>
/// The one thread that a device of a list has: its backend, weights, cache and intermediate results are made, used and disposed there, so that none of them needs a lock. It does one thing
/// after another: what the engine's thread asks of it while nothing is under way, and steps in their order.
/// </summary>
internal interface IDeviceThread : IDisposable
{
    /// <summary>Lets it run the next step; from one thread at a time.</summary>
    void Post();

    /// <summary>Begins something there. No step may be under way, and it must be settled before anything else.</summary>
    void Begin(Action task);

    /// <summary>Waits for what was begun, and returns what that threw; null for nothing.</summary>
    ExceptionDispatchInfo? Settle();
}
