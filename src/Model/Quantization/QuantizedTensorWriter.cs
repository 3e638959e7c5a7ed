using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises one tensor of a checkpoint after the other into a safetensors file and keeps account of sizes and errors by kind.</summary>
internal sealed unsafe class QuantizedTensorWriter : IDisposable
{
    private const int SampledRows = 64; // of each tensor, for its error

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
            _source.Tensors.Release(tensor.Name);
            progress.Report((done += tensor.ElementCount) / all);
        }
        return [.. _kinds.Values];
    }

    public void Dispose() => _writer.Dispose();

    // Matrices as the server will hold them, so that they too need no conversion; norms are small and keep their precision.
    private TensorDtype DtypeOf(CheckpointLayout.ExpectedTensor tensor) => tensor.Shape.Length == 1 ? TensorDtypes.Parse(_source.Tensors.Entry(tensor.Name).Dtype)!.Value : TensorDtype.BF16;

    private void WriteQuantized(string name, QuantizationType type)
    {
        using Matrix source = _source.Tensors.Map(name);
        using QuantizedWeight weight = WeightQuantizer.Run(source, type, name);
        QuantizedTensors.Write(_writer, name, weight);
        if (type.SplitsOutliers) QuantizedTensors.WriteColumns(_writer, name, _source.Tensors.Map(name));
        (double squaredError, double squares) = Compare(source, weight);
        long columnBytes = type.SplitsOutliers ? (long)weight.Outputs * weight.Inputs * sizeof(ushort) : 0;
        Count(new QuantizedKind(KindOf(name), type, _source.Tensors.Entry(name).ByteCount, weight.ByteCount + columnBytes, squaredError, squares));
    }

    private void WriteDense(CheckpointLayout.ExpectedTensor tensor)
    {
        using Matrix converted = HostMemory.Instance.Place(_source.Tensors.Map(tensor.Name), DtypeOf(tensor).ToTorch());
        _writer.Write(tensor.Name, converted);
        Count(new QuantizedKind(KindOf(tensor.Name), null, _source.Tensors.Entry(tensor.Name).ByteCount, converted.ByteCount, 0, 0));
    }

    private void Count(QuantizedKind tensor) => _kinds[tensor.Name] = _kinds.TryGetValue(tensor.Name, out QuantizedKind? kind) ? kind.Plus(tensor) : tensor;

    // model.layers.7.self_attn.q_proj.weight is a q_proj.
    private static string KindOf(string name) => name.Split('.')[^2];

    private static (double SquaredError, double Squares) Compare(Matrix source, QuantizedWeight weight)
    {
        float[] values = new float[weight.Inputs], widened = new float[weight.Inputs];
        byte[] codes = new byte[weight.Inputs];
        double squaredError = 0, squares = 0;
        for (int row = 0; row < weight.Outputs; row += Math.Max(1, weight.Outputs / SampledRows))
        {
            fixed (float* room = values) FloatConversion.Run((byte*)source.Data + Matrix.BytesOf(row, source.Columns, source.Dtype), source.Dtype, room, ScalarType.Float32, weight.Inputs);
            weight.WidenRow(row, codes, widened);
            for (int i = 0; i < values.Length; i++)
            {
                double error = values[i] - widened[i];
                squaredError += error * error;
                squares += (double)values[i] * values[i];
            }
        }
        return (squaredError, squares);
    }
}
