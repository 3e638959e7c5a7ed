using System.Globalization;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Offload;

namespace Llama.Model.Diagnosis;

/// <summary>Whether a checkpoint's files are there and hold the model that its configuration describes. Headers are read, weights are not.</summary>
internal sealed class CheckpointExamination(string path)
{
    /// <summary>The model's shape; null until it was opened, and when it cannot be read.</summary>
    public LlamaConfig? Config { get; private set; }

    /// <summary>What the files hold, in words; null until they were opened, and when something is wrong with them.</summary>
    public string? Files { get; private set; }

    public IEnumerable<Finding> Findings()
    {
        yield return new Finding("path", path);
        foreach (string fault in Open()) yield return Finding.Fault("files", fault);
        if (Config is not null) yield return new Finding("shape", ModelDescription.Shape(Config));
        if (Files is not null) yield return new Finding("files", Files);
    }

    /// <summary>Opens the files and compares what they say with the configuration.</summary>
    /// <returns>All that is wrong.</returns>
    public IReadOnlyList<string> Open()
    {
        try
        {
            Config = LlamaConfig.Load(path);
            Files = Describe(GgufPath.Find(path) is { } model ? OpenGguf(model) : OpenFolder());
            return [];
        }
        catch (CheckpointException e)
        {
            return e.Faults.Count == 1 ? [e.Message] : e.Faults;
        }
    }

    private static TensorEntry[] OpenGguf(string model)
    {
        using GgufCheckpoint checkpoint = GgufCheckpoint.Open(model);
        return [.. checkpoint.Tensors];
    }

    private TensorEntry[] OpenFolder()
    {
        using Checkpoint checkpoint = Checkpoint.OpenVerified(path);
        return [.. checkpoint.Tensors];
    }

    private static string Describe(TensorEntry[] tensors)
    {
        string types = string.Join(", ", tensors.GroupBy(tensor => tensor.Dtype).OrderByDescending(type => type.Sum(tensor => tensor.ByteCount)).Select(type => type.Key));
        return string.Create(CultureInfo.InvariantCulture, $"{tensors.Length:N0} tensors, {MemorySize.Mebibytes(tensors.Sum(tensor => tensor.ByteCount))} of {types}");
    }
}
