namespace Llama.Model.Tests.Cuda.Fake;

/// <summary>A theory that compiles C.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GccTheoryAttribute : TheoryAttribute
{
    public GccTheoryAttribute() => Skip = FakeLibrary.Compiler is null ? FakeLibrary.NoCompiler : null;
}
