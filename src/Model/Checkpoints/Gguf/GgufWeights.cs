using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Weights of a GGUF model. Matrices in floating point stay in the mapped file; all others are made anew, and the file's pages let go of.</summary>
/// <param name="checkpoint">Taken over.</param>
/// <param name="keepsQuantised">Whether what is quantised in the file stays so, to the last bit.</param>
/// <param name="dtype">What it is widened to otherwise.</param>
internal sealed unsafe class GgufWeights(GgufCheckpoint checkpoint, bool keepsQuantised, ScalarType dtype) : IWeightSource
{
    public LlamaConfig Config => checkpoint.Config;

    public string? Codes => keepsQuantised ? CodesOf(checkpoint.Tensors) : null;

    /// <summary>The types of those tensors that are in codes, the commonest first, for people; null when there are none.</summary>
    public static string? CodesOf(IEnumerable<TensorEntry> tensors)
    {
        string[] types = [.. tensors.Select(tensor => tensor.Dtype).Where(type => BlockFormat.Find(type) is not null).CountBy(type => type).OrderByDescending(type => type.Value).Select(type => type.Key)];
        return types.Length > 0 ? string.Join(" and ", types) : null;
    }

    public Matrix Norm(string name) => checkpoint.Tensors.Map(GgufNames.Of(name));

    public Weight Weight(string name)
    {
        TensorEntry entry = Entry(name);
        RopeOrder order = RopeOrder.Of(name, Config);
        BlockFormat? format = BlockFormat.Find(entry.Dtype);
        if (format is null && order.IsPlain) return new DenseWeight(checkpoint.Tensors.Map(entry.Name));
        Weight weight = format is null ? new DenseWeight(order.FromFile(checkpoint.Tensors.Map(entry.Name)))
            : keepsQuantised ? BlockReader.Repack(format, checkpoint.Tensors.Data(entry.Name), Rows(entry), Columns(entry), order)
            : new DenseWeight(BlockReader.Widen(format, checkpoint.Tensors.Data(entry.Name), Rows(entry), Columns(entry), order, dtype));
        checkpoint.Tensors.Release(entry.Name);
        return weight;
    }

    public long? CodeBytes(string name, bool isHost)
    {
        TensorEntry entry = Entry(name);
        return keepsQuantised && BlockFormat.Find(entry.Dtype) is { } format ? QuantizedWeight.BytesOf(Rows(entry), Columns(entry), format.Bits, format.GroupSize, format.HasMinima, isHost) : null;
    }

    public long? PackedBytes(string name)
    {
        TensorEntry entry = Entry(name);
        return keepsQuantised ? BlockFormat.Find(entry.Dtype)?.PackedBytes(Rows(entry), Columns(entry)) : null;
    }

    public int? GroupSizeOf(string name) => keepsQuantised ? BlockFormat.Find(Entry(name).Dtype)?.GroupSize : null;

    public StoredWeight Stored(string name, ScalarType wanted)
    {
        TensorEntry entry = Entry(name);
        FileRange range = checkpoint.Tensors.Range(entry.Name);
        RopeOrder order = RopeOrder.Of(name, Config);
        return BlockFormat.Find(entry.Dtype) is { } format
            ? new StoredBlocks(range, Rows(entry), Columns(entry), format, order, keepsQuantised ? null : wanted)
            : new StoredDense(range, Rows(entry), Columns(entry), TensorDtypes.Parse(entry.Dtype)!.Value.ToTorch(), wanted, order);
    }

    public void Release(string name) => checkpoint.Tensors.Release(GgufNames.Of(name));

    public void Dispose() => checkpoint.Dispose();

    private TensorEntry Entry(string name) => checkpoint.Tensors.Entry(GgufNames.Of(name));

    private static int Rows(TensorEntry entry) => checked((int)entry.Shape[0]);

    private static int Columns(TensorEntry entry) => checked((int)entry.Shape[1]);
}
