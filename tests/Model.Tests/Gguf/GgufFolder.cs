using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Tests.Text;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Gguf;

/// <summary>A random Llama with one of the recorded tokenizers, and GGUF files made of it; deleted in the end.</summary>
internal sealed class GgufFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("llama-gguf-").FullName;

    /// <param name="tokenizer">Name of a folder in Text/Data.</param>
    /// <param name="dtype">Of the checkpoint.</param>
    /// <param name="change">Makes another shape of the small one.</param>
    public GgufFolder(string tokenizer = "llama", TensorDtype dtype = TensorDtype.BF16, Func<LlamaConfig, LlamaConfig>? change = null)
    {
        LlamaConfig config = SmallLlama.Config with { VocabSize = Tokenizer.Load(TextData.Folder(tokenizer)).VocabSize + 3 }; // as models that round their matrices up
        RandomCheckpoint.Write(Checkpoint, change?.Invoke(config) ?? config, dtype, seed: 7);
        foreach (string name in (string[])["tokenizer.model", "tokenizer.json"])
            if (File.Exists(Path.Combine(TextData.Folder(tokenizer), name))) File.Copy(Path.Combine(TextData.Folder(tokenizer), name), Path.Combine(Checkpoint, name));
    }

    public string Checkpoint => Path.Combine(_root, "model");

    public string Write(string name, string content)
    {
        string path = Path.Combine(Checkpoint, name);
        File.WriteAllText(path, content);
        return path;
    }

    public string Convert(string type, string name = "model.gguf")
    {
        string path = Path.Combine(_root, name);
        using GgufConversion conversion = GgufConversion.Prepare(Checkpoint, type);
        conversion.Write(path, null, default);
        return path;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
