using Llama.Server.Tests.Deployment;

namespace Llama.Server.Tests.Terminal;

/// <summary>A test that needs a terminal.</summary>
internal sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !OtherProgram.IsThere("setsid"))
            Skip = "setsid is not installed, which gives a process a terminal of its own (Debian, Ubuntu: util-linux).";
    }
}
