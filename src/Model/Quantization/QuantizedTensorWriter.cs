using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises one tensor of a checkpoint after the other into a safetensors file and keeps account of sizes and errors by kind.</summary>
internal sealed unsafe class QuantizedTensorWriter : IDisposable
{
    private const int SampledRows = 64; // of each tensor, for its error
    private const int PieceBytes = 64 << 20;

    private readonly Checkpoint _source;
    private readonly QuantizationPlan _plan;
    private readonly SafetensorsWriter _writer;
    private readonly Dictionary<string, QuantizedKind> _kinds = [];

    /// <summary>Starts the file.</summary>
    /// <param name="source">Verified; stays the caller's.</param>
    /// <param name="plan">Which weights, and how.</param>
    /// <param name="path">Of the file.</param>
    public QuantizedTensorWriter(Checkpoint source, QuantizationPlan plan, string path)
    {
        (_source, _plan) = (source, plan);
        IEnumerable<CheckpointLayout.ExpectedTensor> stored = CheckpointLayout.Stored(source.Config with { Quantization = plan });
        _writer = SafetensorsWriter.Create(path, stored.Select(tensor => (tensor.Name, tensor.Dtype ?? DtypeOf(tensor), tensor.Shape)));
    }

    /// <summary>Writes all tensors of the model; see <see cref="CheckpointQuantizer.Write"/>.</summary>
    public IReadOnlyList<QuantizedKind> WriteAll(IProgress<double> progress, CancellationToken cancellation)
    {
        double done = 0, all = _source.Config.ParameterCount;
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(_source.Config))
        {
            cancellation.ThrowIfCancellationRequested();
            if (_plan.TypeOf(tensor.Name, _source.Config.TieWordEmbeddings) is { } type) WriteQuantized(tensor.Name, type);
            else WriteDense(tensor);
            _source.Release(tensor.Name);
            progress.Report((done += tensor.Shape.Aggregate(1.0, (product, size) => product * size)) / all);
        }
        return [.. _kinds.Values];
    }

    public void Dispose() => _writer.Dispose();

    // Matrices as the server will hold them, so that they too need no conversion; norms are small and keep their precision.
    private TensorDtype DtypeOf(CheckpointLayout.ExpectedTensor tensor) => tensor.Shape.Length == 1 ? TensorDtypes.Parse(_source.Entry(tensor.Name).Dtype)!.Value : TensorDtype.BF16;

    private void WriteQuantized(string name, QuantizationType type)
    {
        using Matrix source = _source.Map(name);
        using QuantizedWeight weight = WeightQuantizer.Run(source, type, name);
        Write(name + QuantizedTensors.CodesSuffix, weight.Codes);
        Write(name + QuantizedTensors.ScalesSuffix, weight.Scales);
        if (weight.Minima is not null) Write(name + QuantizedTensors.MinimaSuffix, weight.Minima);
        long columnBytes = type.SplitsOutliers ? WriteColumns(name) : 0;
        (double squaredError, double squares) = Compare(source, weight);
        Count(new QuantizedKind(KindOf(name), type, _source.Entry(name).ByteCount, weight.ByteCount + columnBytes, squaredError, squares));
    }

    private long WriteColumns(string name)
    {
        using Matrix rows = HostMemory.Instance.Place(_source.Map(name), ScalarType.BFloat16), columns = Transposition.Of(rows);
        Write(name + QuantizedTensors.ColumnsSuffix, columns);
        return columns.ByteCount;
    }

    private void WriteDense(CheckpointLayout.ExpectedTensor tensor)
    {
        using Matrix converted = HostMemory.Instance.Place(_source.Map(tensor.Name), DtypeOf(tensor).ToTorch());
        Write(tensor.Name, converted);
        Count(new QuantizedKind(KindOf(tensor.Name), null, _source.Entry(tensor.Name).ByteCount, converted.ByteCount, 0, 0));
    }

    private void Write(string name, Matrix matrix)
    {
        byte* data = (byte*)matrix.Data;
        long length = matrix.ByteCount;
        for (long start = 0; start < length; start += PieceBytes)
            _writer.Write(name, new ReadOnlySpan<byte>(data + start, (int)Math.Min(PieceBytes, length - start)), start);
    }

    private void Count(QuantizedKind tensor) => _kinds[tensor.Name] = _kinds.TryGetValue(tensor.Name, out QuantizedKind? kind) ? kind.Plus(tensor) : tensor;

    // model.layers.7.self_attn.q_proj.weight is a q_proj.
    private static string KindOf(string name) => name.Split('.')[^2];

    private static (double SquaredError, double Squares) Compare(Matrix source, QuantizedWeight weight)
    {
        using var scope = NewDisposeScope();
        Tensor rows = arange(0, weight.Outputs, Math.Max(1, weight.Outputs / SampledRows), ScalarType.Int64);
        Tensor values = source.Tensor.index_select(0, rows).to(ScalarType.Float64);
        return ((values - weight.Widen(rows)).square().sum().item<double>(), values.square().sum().item<double>());
    }
}
