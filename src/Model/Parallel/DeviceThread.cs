using System.Runtime.ExceptionServices;
using Llama.Model.Threads;

namespace Llama.Model.Parallel;

/// <summary>
/// The one thread that a device of a list has: its backend, weights, cache and intermediate results are made, used and disposed there, so that none of them needs a lock. It does one thing
/// after another: what the engine's thread asks of it while nothing is under way, and steps in their order. The first device has the engine's thread itself: when that has begun a step it would
/// have nothing to do but wait, and a thread more than devices would take a core from them.
/// </summary>
internal sealed class DeviceThread : IDisposable
{
    private readonly int _threadCount;
    private readonly Action<long> _step;
    private readonly Thread? _thread;
    private readonly RunnerThread? _own; // where the calling thread is the device's
    private readonly Tally _posted = new(), _answered = new();
    private Action? _task; // null posts a step
    private ExceptionDispatchInfo? _failure; // of the task
    private long _taskCount, _stepCount; // begun
    private bool _isEnding;

    /// <summary>Starts the thread, or takes the calling one.</summary>
    /// <param name="name">Of the device.</param>
    /// <param name="threadCount">That compute for it, this one among them.</param>
    /// <param name="isCaller">Whether the calling thread is the device's: then everything is done by the time that it is asked for.</param>
    /// <param name="step">Runs one step, by its number from 0; must not throw.</param>
    public DeviceThread(string name, int threadCount, bool isCaller, Action<long> step)
    {
        (_threadCount, _step) = (threadCount, step);
        if (isCaller)
        {
            _own = new RunnerThread(threadCount);
            return;
        }
        _thread = new Thread(Live) { Name = $"Llama {name}", IsBackground = true };
        _thread.Begin();
    }

    /// <summary>Lets it run the next step; from one thread at a time.</summary>
    public void Post()
    {
        if (_own is null) _posted.Raise();
        else _step(_stepCount++);
    }

    /// <summary>Begins something there, once what was begun before is done. No step may be under way.</summary>
    public void Begin(Action task)
    {
        Settle();
        (_task, _taskCount) = (task, _taskCount + 1);
        if (_own is null) _posted.Raise();
        else Answer();
    }

    /// <summary>Waits for what was begun, and returns what that threw; null for nothing.</summary>
    public ExceptionDispatchInfo? Settle()
    {
        _answered.WaitFor(_taskCount, spins: false);
        return _failure;
    }

    /// <summary>Ends the thread. No step may be under way.</summary>
    public void Dispose()
    {
        Begin(() => _isEnding = true);
        _thread?.Join();
        _own?.Dispose();
        _posted.Dispose();
        _answered.Dispose();
    }

    private void Live()
    {
        using RunnerThread thread = new(_threadCount);
        for (long count = 1; !_isEnding; count++)
        {
            _posted.WaitFor(count, spins: _stepCount > 0);
            if (_task is null) _step(_stepCount++);
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
