using System.Runtime.ExceptionServices;
using Llama.Model.Kernels;
using Llama.Model.Quantization;

namespace Llama.Model.Checkpoints;

/// <summary>
/// Writes a checkpoint of any shape with random weights, for tests and benchmarks. It says nothing sensible, but its numbers behave like a model's: activations keep
/// their size through the layers, attention is neither uniform nor on one token, and logits are neither flat nor saturated.
/// </summary>
public static class RandomCheckpoint
{
    /// <summary>Bytes of the weights that <see cref="Write"/> writes.</summary>
    public static long ByteCount(LlamaConfig config, TensorDtype dtype) => CheckpointLayout.StoredBytes(config, dtype);

    /// <summary>Writes config.json and model.safetensors, replacing those there. Equal arguments write equal bytes.</summary>
    /// <param name="folder">Created if need be.</param>
    /// <param name="config">The shape. Where it is quantised, what is written is what <see cref="CheckpointQuantizer"/> makes of the checkpoint that is not; a tensor at a time is in memory.</param>
    /// <param name="dtype">Type of all weights, a floating one; of quantised ones the type they are quantised from.</param>
    /// <param name="seed">Chooses the weights.</param>
    /// <param name="cancellation">Ends it between two pieces; then no weights are left.</param>
    public static void Write(string folder, LlamaConfig config, TensorDtype dtype, ulong seed, CancellationToken cancellation = default) => WriteFiles(folder, config, dtype, writer =>
    {
        RandomTensors tensors = new(config, dtype, seed);
        tensors.Make(name => TypeOf(name, config) is null, (tensor, start, bytes) =>
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Write(tensor.Name, bytes, start);
        });
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(config))
        {
            cancellation.ThrowIfCancellationRequested();
            if (TypeOf(tensor.Name, config) is { } type) WriteQuantized(writer, tensors, tensor, dtype, type);
        }
    });

    /// <summary>Writes the same files with nothing but zeros for weights, which take no room on a disk that keeps holes: enough to examine headers and to plan with.</summary>
    /// <param name="folder">Created if need be.</param>
    /// <param name="config">The shape.</param>
    /// <param name="dtype">Type of all weights that are not in codes.</param>
    public static void WriteEmpty(string folder, LlamaConfig config, TensorDtype dtype) => WriteFiles(folder, config, dtype, _ => { });

    private static void WriteFiles(string folder, LlamaConfig config, TensorDtype dtype, Action<SafetensorsWriter> fill)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(dtype, TensorDtype.U8);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
        string path = Path.Combine(folder, "model.safetensors");
        string partial = path + ".partial"; // renamed when whole: the file has its full length from the start, and a piece of it would pass for weights
        try
        {
            using (var writer = SafetensorsWriter.Create(partial, CheckpointLayout.Stored(config).Select(tensor => (tensor.Name, tensor.Dtype ?? dtype, tensor.Shape)))) fill(writer);
            File.Move(partial, path, overwrite: true);
        }
        catch (AggregateException failures) // every thread's write fails when the disk is full; one says it
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static unsafe void WriteQuantized(SafetensorsWriter writer, RandomTensors tensors, CheckpointLayout.ExpectedTensor tensor, TensorDtype dtype, QuantizationType type)
    {
        using Matrix values = HostMemory.Instance.Empty((int)tensor.Shape[0], (int)tensor.Shape[1], dtype.ToTorch());
        nint data = (nint)values.Data;
        tensors.Make(name => name == tensor.Name, (_, start, bytes) => bytes.CopyTo(new Span<byte>((byte*)data + start, bytes.Length)));
        using QuantizedWeight weight = WeightQuantizer.Run(values, type, tensor.Name);
        QuantizedTensors.Write(writer, tensor.Name, weight);
        if (type.SplitsOutliers) QuantizedTensors.WriteColumns(writer, tensor.Name, HostMemory.Wrap(values.Data, values.Rows, values.Columns, values.Dtype));
    }

    private static QuantizationType? TypeOf(string name, LlamaConfig config) => config.Quantization?.TypeOf(name, config.TieWordEmbeddings);
}
