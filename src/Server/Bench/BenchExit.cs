namespace Llama.Server.Bench;

/// <summary>Exit codes of the bench verbs, beside 0 and the command line's 2.</summary>
internal static class BenchExit
{
    /// <summary>Requests failed, or nothing was measured.</summary>
    public const int Failed = 1;

    /// <summary>Ended by Ctrl-C; what is reported is part of what was asked for.</summary>
    public const int Interrupted = 130;
}
