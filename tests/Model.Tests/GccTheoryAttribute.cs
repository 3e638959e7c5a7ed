namespace Llama.Model.Tests;

/// <summary>A theory that compiles C.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GccTheoryAttribute : TheoryAttribute
{
    public GccTheoryAttribute() => Skip = Gcc.Missing;
}
