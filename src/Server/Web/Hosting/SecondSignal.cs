using System.Runtime.InteropServices;

namespace Llama.Server.Web.Hosting;

/// <summary>
/// The first SIGTERM, SIGINT or SIGHUP lets running requests go on for a while; whoever sends a second one does not want to wait. A program of ours starts this to listen for it: elsewhere
/// signals are the application's.
/// </summary>
/// <param name="lifetime">Of the program, which by itself does not listen for the end of its terminal (SIGHUP).</param>
internal sealed class SecondSignal(IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    /// <summary>For the last words of streams; then the process ends, whatever it is at.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _now = new();
    private PosixSignalRegistration[] _signals = [];
    private int _count;

    /// <summary>Cancelled when there is no time left.</summary>
    public CancellationToken Token => _now.Token;

    public Task StartAsync(CancellationToken cancellation)
    {
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count), PosixSignalRegistration.Create(PosixSignal.SIGINT, Count), PosixSignalRegistration.Create(PosixSignal.SIGHUP, HangUp)];
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        _now.Dispose();
    }

    private void Count(PosixSignalContext signal)
    {
        if (Interlocked.Increment(ref _count) == 2)
            StopNow();
    }

    private void HangUp(PosixSignalContext signal)
    {
        signal.Cancel = true; // which would end the process at once
        Count(signal);
        lifetime.StopApplication();
    }

    private void StopNow()
    {
        _now.Cancel();
        _ = Task.Delay(Grace).ContinueWith(static _ => Environment.Exit(1), TaskScheduler.Default);
    }
}
