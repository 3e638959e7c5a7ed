using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Model.Checkpoints;

namespace Llama.Model.Quantization;

/// <summary>Writes a checkpoint whose weights lie in codes exactly as in memory, so that loading it is mapping it.</summary>
public static class CheckpointQuantizer
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly string[] WeightEndings = [".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".pth", ".gguf"];

    /// <summary>Bytes of the weights that <see cref="Write"/> writes.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="plan">Which weights, and how.</param>
    public static long ByteCount(LlamaConfig config, QuantizationPlan plan) => CheckpointLayout.StoredBytes(config with { Quantization = plan }, TensorDtype.BF16);

    /// <summary>Writes the quantised form of a checkpoint, and all files of its folder that are not weights.</summary>
    /// <param name="source">Folder in Hugging Face layout, not quantised.</param>
    /// <param name="target">An empty folder.</param>
    /// <param name="plan">Which weights, and how.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends it between two tensors.</param>
    /// <returns>What became of the tensors, by kind, in the order of the layout.</returns>
    /// <exception cref="CheckpointException">The source cannot be loaded, or not be quantised.</exception>
    public static IReadOnlyList<QuantizedKind> Write(string source, string target, QuantizationPlan plan, IProgress<double> progress, CancellationToken cancellation = default)
    {
        using Checkpoint checkpoint = Checkpoint.OpenVerified(source);
        if (checkpoint.Config.Quantization is { } stored) throw new CheckpointException(source, $"is quantised already ({stored.Layers}); give the checkpoint that it was made from");
        CopyOtherFiles(source, target);
        WriteConfig(source, target, plan);
        using QuantizedTensorWriter writer = new(checkpoint, plan, Path.Combine(target, "model.safetensors"));
        return writer.WriteAll(progress, cancellation);
    }

    private static void CopyOtherFiles(string source, string target)
    {
        foreach (string file in Directory.GetFiles(source).Where(file => !Array.Exists(WeightEndings, file.EndsWith)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }

    // The source's own text, so that keys which nothing here reads are kept.
    private static void WriteConfig(string source, string target, QuantizationPlan plan)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!;
        config[QuantizationConfig.Key] = QuantizationConfig.Write(plan);
        File.WriteAllText(Path.Combine(target, "config.json"), config.ToJsonString(Indented));
    }
}
