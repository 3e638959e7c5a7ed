namespace Llama.Server.Tests.Hosting;

/// <summary>Slows or holds the steps of a fake model.</summary>
internal sealed class SlowModel : IDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private long _holdAt = long.MaxValue;
    private volatile bool _isHolding;
    private volatile bool _isSlow;

    /// <summary>Makes each step take a few milliseconds.</summary>
    public bool IsSlow { get => _isSlow; set => _isSlow = value; }

    /// <summary>Number of the step that waits for <see cref="Release"/>.</summary>
    public long HoldAt { set => Interlocked.Exchange(ref _holdAt, value); }

    public bool IsHolding => _isHolding;

    public void Release() => _release.Set();

    public void OnStep(long step)
    {
        if (_isSlow)
            Thread.Sleep(5);
        if (step != Interlocked.Read(ref _holdAt))
            return;
        _isHolding = true;
        _release.Wait();
    }

    public void Dispose() => _release.Set();
}
