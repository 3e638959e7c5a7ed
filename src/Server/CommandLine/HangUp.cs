using System.Runtime.InteropServices;

namespace Llama.Server.CommandLine;

/// <summary>The end of the terminal (SIGHUP) while a verb runs, which ends it as Ctrl-C and SIGTERM do; System.CommandLine hears of those two alone.</summary>
internal sealed class HangUp : IDisposable
{
    private const int ExitCode = 128 + 1;

    private readonly CancellationTokenSource _ended = new();
    private readonly PosixSignalRegistration _signal;

    /// <param name="patience">How long the verb may take to end; then the process does.</param>
    public HangUp(TimeSpan patience) => _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true; // which would end the process at once
        _ = Task.Delay(patience).ContinueWith(static _ => Environment.Exit(ExitCode), TaskScheduler.Default);
        _ended.Cancel();
    });

    /// <summary>Cancelled when the terminal is gone.</summary>
    public CancellationToken Token => _ended.Token;

    public void Dispose()
    {
        _signal.Dispose();
        _ended.Dispose();
    }
}
