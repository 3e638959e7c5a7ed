namespace Llama.Model.Tests.Cuda.Fake;

/// <summary>A test that compiles C.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GccFactAttribute : FactAttribute
{
    public GccFactAttribute() => Skip = FakeLibrary.Compiler is null ? FakeLibrary.NoCompiler : null;
}
