namespace Llama.Model.Tests;

/// <summary>A test that compiles C.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GccFactAttribute : FactAttribute
{
    public GccFactAttribute() => Skip = Gcc.Missing;

    /// <summary>It is about what a user may not do. Root may do all, and does not see it fail.</summary>
    public bool NeedsLimits
    {
        get => false;
        set => Skip ??= value && Environment.IsPrivilegedProcess ? "Root may read every folder." : null;
    }
}
