using System.Runtime.InteropServices;

namespace Llama.Server.CommandLine;

/// <summary>A limit on the size of files (<c>ulimit -f</c>, <c>LimitFSIZE=</c>). The system ends a process that would pass it, unless the process hears the signal: then the write fails, and is told of as any other.</summary>
internal static class FileSizeLimit
{
    private const PosixSignal Passed = (PosixSignal)25; // SIGXFSZ on Linux; .NET names only what other systems have too

    /// <summary>Until it is disposed.</summary>
    public static PosixSignalRegistration FailWrites() => PosixSignalRegistration.Create(Passed, static signal => signal.Cancel = true);
}
