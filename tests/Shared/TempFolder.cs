namespace Llama.Tests.Shared;

/// <summary>A folder of a test's own, which is gone with all that is in it when it is disposed of.</summary>
/// <param name="name">What its name begins with.</param>
public sealed class TempFolder(string name = "llama-") : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory(name).FullName;

    /// <summary>Where a file or folder in it is, or is to be.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc />
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
