using System.Runtime.ExceptionServices;
using Llama.Model.Threads;

namespace Llama.Model.Parallel;

/// <summary>A thread of a device's own.</summary>
internal sealed class DeviceThread : IDeviceThread
{
    private readonly int _threadCount;
    private readonly Action<long> _step;
    private readonly Thread _thread;
    private readonly Tally _posted = new(), _answered = new();
    private Action? _task; // null posts a step
    private ExceptionDispatchInfo? _failure; // of the task
    private long _taskCount;
    private bool _isEnding;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">Of the device.</param>
    /// <param name="threadCount">That compute for it, this one among them.</param>
    /// <param name="step">Runs one step, by its number from 0; must not throw.</param>
    public DeviceThread(string name, int threadCount, Action<long> step)
    {
        (_threadCount, _step) = (threadCount, step);
        _thread = new Thread(Live) { Name = $"Llama {name}", IsBackground = true };
        _thread.Start();
    }

    public void Post() => _posted.Raise();

    public void Begin(Action task)
    {
        _task = task;
        _posted.Raise();
    }

    public ExceptionDispatchInfo? Settle()
    {
        _answered.WaitFor(++_taskCount, spins: false);
        return _failure;
    }

    /// <summary>Ends the thread. No step may be under way.</summary>
    public void Dispose()
    {
        Begin(() => _isEnding = true);
        _thread.Join();
        _posted.Dispose();
        _answered.Dispose();
    }

    private void Live()
    {
        using RunnerThread thread = new(_threadCount);
        long stepCount = 0;
        for (long count = 1; !_isEnding; count++)
        {
            _posted.WaitFor(count, spins: stepCount > 0);
            if (_task is null) _step(stepCount++);
            else Answer();
        }
    }

    private void Answer()
    {
        _failure = null;
        try
        {
            _task!();
        }
        catch (Exception e) // carried to who asked
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        _task = null;
        _answered.Raise();
    }
}
