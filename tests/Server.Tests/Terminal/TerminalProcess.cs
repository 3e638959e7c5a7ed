using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Llama.Tests.Shared;
using Microsoft.Win32.SafeHandles;

namespace Llama.Server.Tests.Terminal;

/// <summary>The program on a terminal of its own: keys go in, and what the screen is sent comes out.</summary>
internal sealed partial class TerminalProcess : IAsyncDisposable
{
    private const int ReadWrite = 2, NoControllingTerminal = 256; // of open(2)

    private const string Tested = "TESTED"; // the program's path: no quotes hold whatever folder the tests lie in

    private readonly FileStream _terminal;
    private readonly Process _process;
    private readonly StringBuilder _sent = new();
    private readonly Task _reading;
    private int _seen;

    private TerminalProcess(FileStream terminal, Process process)
    {
        (_terminal, _process) = (terminal, process);
        _reading = Task.Factory.StartNew(Read, TaskCreationOptions.LongRunning);
    }

    /// <summary>All that the screen was sent.</summary>
    public string Screen
    {
        get
        {
            lock (_sent) return _sent.ToString();
        }
    }

    /// <summary>Starts the program.</summary>
    /// <param name="words">Its command line, as a shell reads it; <c>PROGRAM</c> is the program.</param>
    public static TerminalProcess Start(string words)
    {
        int master = OpenTerminal(ReadWrite | NoControllingTerminal);
        Assert.True(master >= 0 && Grant(master) == 0 && Unlock(master) == 0);
        string path = Marshal.PtrToStringUTF8(NameOf(master))!, program = $"dotnet exec \"${Tested}\"";
        // Whoever runs the tests in the background may have them ignore the signal of Ctrl-C, which is handed down.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec setsid --ctty --wait env --default-signal=INT sh -c \"stty rows 24 cols 80 iutf8; $1\" <\"$0\" >\"$0\" 2>&1", path, words.Replace("PROGRAM", program)])
        {
            Environment = { ["TERM"] = "xterm", ["LANG"] = "C.UTF-8", ["NO_COLOR"] = "", [Tested] = typeof(LlamaHosting).Assembly.Location },
        };
        return new TerminalProcess(new FileStream(new SafeFileHandle(master, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0), Process.Start(start)!);
    }

    public void Type(string keys) => _terminal.Write(Encoding.UTF8.GetBytes(keys));

    /// <summary>Waits until the screen is sent a text behind the one that was waited for before.</summary>
    public Task UntilAsync(string text) => Wait.Until(() =>
    {
        bool isLast = _reading.IsCompleted;
        int at = Screen.IndexOf(text, _seen, StringComparison.Ordinal);
        if (at < 0 && isLast) throw new InvalidOperationException($"'{text}' never came; the screen has: {Screen}");
        if (at >= 0) _seen = at + text.Length;
        return at >= 0;
    });

    /// <summary>Waits for the end of the program, and gives its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await ExitAsync();
        _process.Dispose();
        await _terminal.DisposeAsync();
    }

    private void Read()
    {
        byte[] buffer = new byte[4096];
        char[] text = new char[4096];
        Decoder decoder = Encoding.UTF8.GetDecoder();
        try
        {
            while (_terminal.Read(buffer) is > 0 and var count)
                lock (_sent) _sent.Append(text, 0, decoder.GetChars(buffer, 0, count, text, 0));
        }
        catch (IOException)
        {
            // Nobody has the other side any more: the program has ended.
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    private static partial int OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    private static partial int Grant(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    private static partial int Unlock(int master);

    [LibraryImport("libc", EntryPoint = "ptsname")]
    private static partial nint NameOf(int master);
}
