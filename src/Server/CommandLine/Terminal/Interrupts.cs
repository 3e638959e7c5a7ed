namespace Llama.Server.CommandLine.Terminal;

/// <summary>What Ctrl-C means: it stops the answer that is being made; the next one, before another line is typed, leaves.</summary>
internal sealed class Interrupts
{
    private readonly Lock _lock = new(); // signals come on a thread of their own
    private readonly TaskCompletionSource _leaving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _answer;
    private bool _isSecond;

    /// <summary>Completes when the conversation is to end.</summary>
    public Task Leaving => _leaving.Task;

    /// <summary>Something was typed.</summary>
    public void Forget()
    {
        lock (_lock) _isSecond = false;
    }

    /// <summary>A question was asked; cancelled when its answer is to stop.</summary>
    public CancellationToken Begin()
    {
        lock (_lock)
        {
            _answer = new CancellationTokenSource();
            return _answer.Token;
        }
    }

    /// <summary>Its answer has ended.</summary>
    public void End()
    {
        lock (_lock) _answer = null;
    }

    /// <summary>Stops the answer that is being made, and the conversation with it.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _answer?.Cancel();
            _leaving.TrySetResult();
        }
    }

    /// <summary>Ctrl-C; true when there was nothing to stop and the user had better be told how to leave.</summary>
    public bool Raise()
    {
        lock (_lock)
        {
            if (_isSecond) _leaving.TrySetResult();
            _answer?.Cancel();
            (bool isHint, _isSecond) = (!_isSecond && _answer is null, true);
            return isHint;
        }
    }
}
