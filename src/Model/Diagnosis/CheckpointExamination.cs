using System.Globalization;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;

namespace Llama.Model.Diagnosis;

/// <summary>Whether a checkpoint's files are there and hold the model that its configuration describes. Headers are read, weights are not.</summary>
internal sealed class CheckpointExamination(string path)
{
    /// <summary>The model's shape; null until the findings are made, and when it cannot be read.</summary>
    public LlamaConfig? Config { get; private set; }

    /// <summary>The types in which the files hold codes alone; null for none.</summary>
    public string? Codes { get; private set; }

    /// <summary>Bytes of all tensors on disk.</summary>
    public long ByteCount { get; private set; }

    public IEnumerable<Finding> Findings()
    {
        yield return new Finding("path", path);
        IReadOnlyList<string> faults = Open(out IReadOnlyCollection<TensorEntry> tensors);
        foreach (string fault in faults) yield return Finding.Fault("files", fault);
        if (Config is null) yield break;
        yield return new Finding("shape", ModelDescription.Shape(Config));
        if (faults.Count > 0) yield break;
        string types = string.Join(", ", tensors.GroupBy(tensor => tensor.Dtype).OrderByDescending(type => type.Sum(tensor => tensor.ByteCount)).Select(type => type.Key));
        yield return new Finding("files", string.Create(CultureInfo.InvariantCulture, $"{tensors.Count:N0} tensors, {ByteCount >> 20:N0} MiB of {types}"));
    }

    private IReadOnlyList<string> Open(out IReadOnlyCollection<TensorEntry> tensors)
    {
        tensors = [];
        try
        {
            Config = LlamaConfig.Load(path);
            tensors = GgufPath.Find(path) is { } model ? OpenGguf(model) : OpenFolder();
            Codes = GgufWeights.CodesOf(tensors) ?? Config.Quantization?.CodesAlone;
            ByteCount = tensors.Sum(tensor => tensor.ByteCount);
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
        using Checkpoint checkpoint = Checkpoint.Open(path);
        checkpoint.Verify();
        return [.. checkpoint.Tensors];
    }
}
