namespace Llama.Model.Tests.Kernels;

/// <inheritdoc cref="GeneratedCodeFactAttribute" />
[AttributeUsage(AttributeTargets.Method)]
public sealed class GeneratedCodeTheoryAttribute : TheoryAttribute
{
    public GeneratedCodeTheoryAttribute() => Skip = GeneratedCode.Missing;
}
