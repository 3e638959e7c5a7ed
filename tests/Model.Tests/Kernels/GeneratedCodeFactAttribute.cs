namespace Llama.Model.Tests.Kernels;

/// <summary>A test of generated code; skipped, and said to be, where the processor or the system does not allow any.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GeneratedCodeFactAttribute : FactAttribute
{
    public GeneratedCodeFactAttribute() => Skip = GeneratedCode.Missing;

    /// <summary>Whether it is of code for tile registers.</summary>
    public bool OnTiles
    {
        get => field;
        init => Skip = (field = value) ? GeneratedCode.MissingTiles : GeneratedCode.Missing;
    }
}
