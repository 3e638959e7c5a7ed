using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels;

/// <summary>When the runtime compiles a method with care.</summary>
internal static class Compiled
{
    /// <summary>
    /// At its first call. For loops over registers: the first tier makes each of their operations a call, and a small model has given a short answer before the second comes
    /// (tests/Bench/NOTES.md, "Compilation"). Such a method is compiled without a profile, which loops whose operations decide their time do not miss.
    /// </summary>
    public const MethodImplOptions AtOnce = MethodImplOptions.AggressiveOptimization;
}
