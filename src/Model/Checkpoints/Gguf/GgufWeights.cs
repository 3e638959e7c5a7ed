using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Weights of a GGUF model. On a CPU, matrices already of the wanted type stay in the mapped file; all others are made anew, and the file's pages let go of.</summary>
/// <param name="checkpoint">Taken over.</param>
/// <param name="keepsQuantised">Whether what is quantised in the file stays so, to the last bit. Needs a CPU.</param>
/// <param name="dtype">Type of all other matrices.</param>
/// <param name="device">Where they are to lie.</param>
internal sealed unsafe class GgufWeights(GgufCheckpoint checkpoint, bool keepsQuantised, ScalarType dtype, Device device) : IWeightSource
{
    private readonly bool _isOnCpu = device.type == TorchSharp.DeviceType.CPU;

    public LlamaConfig Config => checkpoint.Config;

    public string? Codes => keepsQuantised && Quantised() is { Length: > 0 } types ? string.Join(" and ", types) : null;

    public Matrix Norm(string name)
    {
        using Tensor mapped = checkpoint.Map(checkpoint.Entry(GgufNames.Of(name))), onDevice = mapped.to(device);
        return Matrix.Of(onDevice.to(ScalarType.Float32, copy: _isOnCpu));
    }

    public Weight Weight(string name)
    {
        TensorEntry entry = checkpoint.Entry(GgufNames.Of(name));
        RopeOrder order = RopeOrder.Of(name, Config);
        BlockFormat? format = BlockFormat.Find(entry.Dtype);
        if (format is null && _isOnCpu && order.IsPlain && TensorDtypes.Parse(entry.Dtype)!.Value.ToTorch() == dtype) return new DenseWeight(Matrix.Of(checkpoint.Map(entry)));
        Weight weight = format is null ? new DenseWeight(Matrix.Of(Convert(entry, order)))
            : keepsQuantised ? BlockReader.Repack(format, checkpoint.Data(entry), Rows(entry), Columns(entry), order)
            : new DenseWeight(Matrix.Of(Widen(format, entry, order)));
        checkpoint.Release(entry);
        return weight;
    }

    public void Release(string name) => checkpoint.Release(checkpoint.Entry(GgufNames.Of(name)));

    public void Dispose() => checkpoint.Dispose();

    // The commonest first.
    private string[] Quantised() =>
        [.. checkpoint.Tensors.Select(tensor => tensor.Dtype).Where(type => BlockFormat.Find(type) is not null).CountBy(type => type).OrderByDescending(type => type.Value).Select(type => type.Key)];

    private Tensor Convert(TensorEntry entry, RopeOrder order)
    {
        using Tensor mapped = checkpoint.Map(entry), onDevice = mapped.to(device);
        Tensor converted = onDevice.to(dtype, copy: _isOnCpu);
        if (order.IsPlain) return converted;
        using (converted) return order.FromFile(converted);
    }

    private Tensor Widen(BlockFormat format, TensorEntry entry, RopeOrder order)
    {
        using Tensor widened = BlockReader.Widen(format, checkpoint.Data(entry), Rows(entry), Columns(entry), order, dtype);
        return widened.to(device);
    }

    private static int Rows(TensorEntry entry) => checked((int)entry.Shape[0]);

    private static int Columns(TensorEntry entry) => checked((int)entry.Shape[1]);
}
