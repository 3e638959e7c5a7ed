using Llama.Model.Backends;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Verification;

/// <summary>Kernels with the memory they work in: one of the two sides of a comparison. Equal arguments make equal numbers on both.</summary>
/// <param name="backend">Where it computes; taken over.</param>
/// <param name="kernels">That the backend made.</param>
internal sealed unsafe class KernelSide(IBackend backend, IKernels kernels) : IDisposable
{
    private const float OutlierThreshold = 0.9f; // of activations up to 1: a tenth are outliers

    private readonly List<IDisposable> _made = [];
    private readonly HostRows _onHost = new(backend.Memory);

    public IKernels Kernels => kernels;

    public DeviceMemory Memory => backend.Memory;

    /// <summary>Before the calls that belong to a step.</summary>
    public void Begin(ForwardBatch batch)
    {
        backend.Bring(batch);
        kernels.Begin(batch);
    }

    /// <summary>Random activations that bfloat16 holds exactly, so that both sides start from the same.</summary>
    public Matrix Activations(int rows, int columns, int seed, float scale = 1) => Keep(Memory.Place(Random(rows, columns, seed, scale), backend.ActivationDtype));

    /// <summary>Rows of the residual stream, or a norm's weight.</summary>
    public Matrix Floats(int rows, int columns, int seed) => Keep(Memory.Place(Random(rows, columns, seed, 1), ScalarType.Float32));

    /// <summary>Room for activations.</summary>
    public Matrix Empty(int rows, int columns) => Keep(Memory.Empty(rows, columns, backend.ActivationDtype));

    /// <summary>Room for rows of the residual stream.</summary>
    public Matrix EmptyFloats(int rows, int columns) => Keep(Memory.Empty(rows, columns, ScalarType.Float32));

    /// <summary>A random weight whose products with activations are of their size.</summary>
    /// <param name="format">As the setting <c>Model:Dtype</c> asks for.</param>
    public Weight Weight(WeightFormat format, int outputs, int inputs, int seed) => Packed(Weight(format, outputs, inputs, seed, mayBeCodes: Memory.HoldsCodes));

    /// <summary>The same in codes, as a GGUF file brings them.</summary>
    public Weight Weight(BlockFormat format, int outputs, int inputs, int seed) => Packed(Placed(RandomFileCodes.Make(format, outputs, inputs, seed), Memory.HoldsCodes));

    /// <summary>A random embedding table, of which rows are read.</summary>
    public Weight Table(WeightFormat format, int rows, int columns, int seed) => Weight(format, rows, columns, seed, mayBeCodes: Memory.IsHost);

    public RopeTable Rope(LlamaConfig config) => Keep(new RopeTable(RopeFrequencies.Compute(config), config.ContextLength, Memory));

    /// <summary>A cache in which nothing was written yet: no numbers, so that whoever reads there is seen.</summary>
    public KvLayer Cache(int blockCount, AttentionShape shape, ScalarType dtype)
    {
        KvLayer onHost = KvLayer.Empty(blockCount, shape, dtype, HostMemory.Instance);
        return Keep(new KvLayer(Poisoned(onHost.Keys), Poisoned(onHost.Values), onHost.KeyScales is null ? null : Poisoned(onHost.KeyScales), onHost.ValueScales is null ? null : Poisoned(onHost.ValueScales)));
    }

    /// <summary>A result in float32.</summary>
    public float[] Read(Matrix matrix) => new ReadOnlySpan<float>(_onHost.Of(matrix), matrix.Rows * matrix.Columns).ToArray();

    /// <summary>Frees all that was made.</summary>
    public void Clear()
    {
        foreach (IDisposable one in _made) one.Dispose();
        _made.Clear();
    }

    public void Dispose()
    {
        Clear();
        backend.Dispose();
    }

    private Weight Weight(WeightFormat format, int outputs, int inputs, int seed, bool mayBeCodes)
    {
        Matrix values = Random(outputs, inputs, seed, 2 / MathF.Sqrt(inputs));
        if (format.Plan is null) return Keep(new DenseWeight(Memory.Place(values, format.Dtype)));
        using (values)
        {
            QuantizedWeight codes = WeightQuantizer.Run(values, format.Plan.Layers, "random");
            if (format.Plan.Layers.SplitsOutliers) return Keep(new OutlierWeight(codes, Columns(values), OutlierThreshold));
            return Placed(codes, mayBeCodes);
        }
    }

    private Weight Placed(QuantizedWeight codes, bool mayBeCodes) => Keep(mayBeCodes ? Memory.Place(codes) : new DenseWeight(Memory.Place(Dense(codes), ScalarType.BFloat16)));

    private Weight Packed(Weight weight) => backend.TakesPackedWeights && WeightPacker.CanPack(weight) ? Keep(new WeightPacker().Pack(weight)) : weight; // as a model's are when it is loaded

    private Matrix Poisoned(Matrix onHost)
    {
        new Span<byte>(onHost.Data, checked((int)onHost.ByteCount)).Fill(0xFF); // NaN in float32 and bfloat16
        return Memory.Place(onHost, onHost.Dtype);
    }

    private static Matrix Dense(QuantizedWeight codes)
    {
        using (codes) return codes.ToDense(ScalarType.BFloat16).Values;
    }

    private static MappedColumns Columns(Matrix values)
    {
        using Matrix narrow = HostMemory.Instance.Empty(values.Rows, values.Columns, ScalarType.BFloat16);
        FloatConversion.Run(values.Data, ScalarType.Float32, narrow.Data, ScalarType.BFloat16, (long)values.Rows * values.Columns);
        return new MappedColumns(Transposition.Of(narrow));
    }

    private static Matrix Random(int rows, int columns, int seed, float scale)
    {
        Random random = new(seed * 7919 + rows * 31 + columns);
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => scale * (float)(random.NextDouble() * 2 - 1))];
        return HostMemory.Of(Array.ConvertAll(values, value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000)), rows, columns);
    }

    private T Keep<T>(T made) where T : IDisposable
    {
        _made.Add(made);
        return made;
    }
}
