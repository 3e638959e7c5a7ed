using Llama.Tests.Shared;

namespace Llama.Server.Tests.Terminal;

/// <summary>A test that needs a terminal.</summary>
internal sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute() => Skip = Missing;

    /// <summary>Why there can be none; null where there can.</summary>
    public static string? Missing { get; } = OtherProgram.Find("setsid") is not null
        ? null
        : "setsid is not installed, which gives a process a terminal of its own (Debian, Ubuntu: util-linux).";
}

/// <summary>Several of that kind.</summary>
internal sealed class TerminalTheoryAttribute : TheoryAttribute
{
    public TerminalTheoryAttribute() => Skip = TerminalFactAttribute.Missing;
}
