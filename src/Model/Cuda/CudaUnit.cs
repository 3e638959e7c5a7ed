using System.Reflection;

namespace Llama.Model.Cuda;

/// <summary>
/// A source of <c>Source/</c>, embedded in the assembly, with the constants it is compiled for. Sources include nothing but <c>common.cuh</c> and other <c>.cuh</c> files beside them, which are
/// embedded too: where they run there may be no CUDA toolkit with its headers.
/// </summary>
/// <param name="Name">File name, such as <c>attention.cu</c>.</param>
/// <param name="Constants">What is defined for the preprocessor: <c>HEAD_DIM=128</c>, <c>ACT=bf16</c>.</param>
internal sealed record CudaUnit(string Name, IReadOnlyList<string> Constants)
{
    /// <summary>The text of the source.</summary>
    public string Text => Read(Name);

    /// <summary>Name and text of everything that sources may include.</summary>
    public static IEnumerable<(string Name, string Text)> Headers =>
        typeof(CudaUnit).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".cuh", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name => (name, Read(name)));

    private static string Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new ArgumentException($"There is no embedded source '{name}'.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
