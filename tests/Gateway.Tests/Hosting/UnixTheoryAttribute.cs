namespace Llama.Gateway.Tests.Hosting;

/// <summary>Tests that send signals; skipped where there are none.</summary>
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = "Windows has no signals.";
    }
}
