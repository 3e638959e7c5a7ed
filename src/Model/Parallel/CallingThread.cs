using System.Runtime.ExceptionServices;
using Llama.Model.Threads;

namespace Llama.Model.Parallel;

/// <summary>The engine's own thread as that of a device. Where steps are run one after the other the engine would only wait, and would need a core to wake up on that the devices use.</summary>
/// <param name="threadCount">That compute for the device, this one among them.</param>
/// <param name="step">Runs one step, by its number from 0; must not throw.</param>
internal sealed class CallingThread(int threadCount, Action<long> step) : IDeviceThread
{
    private readonly RunnerThread _thread = new(threadCount);
    private Action _task = null!;
    private long _stepCount;

    /// <summary>Runs the step; what other devices do in it must have been posted before.</summary>
    public void Post() => step(_stepCount++);

    public void Begin(Action task) => _task = task;

    /// <summary>Does what was begun, after that of the other threads was begun too.</summary>
    public ExceptionDispatchInfo? Settle()
    {
        try
        {
            _task();
            return null;
        }
        catch (Exception e) // carried to who asked
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    public void Dispose() => _thread.Dispose();
}
