using System.Text.Json;

namespace Llama.Model.Tests.Text;

/// <summary>A checkpoint folder of text files only, deleted in the end.</summary>
internal sealed class CheckpointFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("llama-text-").FullName;

    /// <summary>The little Llama tokenizer, with a tokenizer_config.json where one is given.</summary>
    public static CheckpointFolder WithModel(object? config = null)
    {
        var folder = new CheckpointFolder();
        File.Copy(TextData.Folder("llama/tokenizer.model"), System.IO.Path.Combine(folder.Path, "tokenizer.model"));
        return config is null ? folder : folder.Write("tokenizer_config.json", config);
    }

    public CheckpointFolder Write(string name, object content)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content as string ?? JsonSerializer.Serialize(content));
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
