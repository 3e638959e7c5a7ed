using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>The kernels of a model on a CUDA device. Every call only enqueues. Of a batch they read the arrays that were brought to the device, and its counts.</summary>
internal sealed unsafe class CudaKernels : IKernels, IDisposable
{
    private readonly CudaElementwise _elementwise;
    private readonly CudaAttention _attention;
    private readonly CudaCache _cache;
    private readonly CudaLinear _linear;
    private readonly CudaBatch _batch;
    private readonly StagedBuffer _rows, _copies; // one host memory each: a step that needs them is over before the next such step begins
    private readonly string _device;

    /// <summary>Compiles and allocates what steps of a model need.</summary>
    /// <param name="stream">Where everything goes.</param>
    /// <param name="batch">Where the arrays of each step are.</param>
    /// <param name="products">cuBLAS; null where there is none. Not taken over.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="size">The largest step's.</param>
    /// <param name="dtype">Type of the activations.</param>
    /// <param name="kvDtype">Type of the cache.</param>
    /// <param name="deterministic">Whether a row's result must not depend on the others.</param>
    /// <exception cref="ArgumentException">They do not take the shape; with the remedy.</exception>
    public CudaKernels(CudaStream stream, CudaBatch batch, ICudaProducts? products, LlamaConfig config, StepSize size, ScalarType dtype, ScalarType kvDtype, bool deterministic)
    {
        CudaAttentionForm form = new(AttentionShape.Of(config, size.BlockSize), dtype, kvDtype, stream.Driver.Device.SharedMemoryPerBlock);
        CudaLinear.Check(config);
        CudaAttentionForm.Check(form.Shape);
        (_batch, _device) = (batch, stream.Driver.Device.Name);
        _copies = new StagedBuffer(stream, hosts: 1, (long)size.Samples * sizeof(BlockCopy));
        _rows = new StagedBuffer(stream, hosts: 1, (long)size.Samples * sizeof(int));
        _elementwise = new CudaElementwise(stream, dtype);
        _cache = new CudaCache(stream, form);
        _attention = new CudaAttention(stream, form, size.Tokens, size.ContextLength, deterministic);
        _linear = new CudaLinear(stream, products, deterministic);
    }

    /// <summary>Takes over a weight in codes that lies on the device and brings it into the form that <see cref="Linear"/> takes.</summary>
    public Weight Pack(QuantizedWeight placed) => _linear.Pack(placed);

    public void Calibrate(LlamaWeights weights) => _linear.Calibrate(weights);

    /// <summary>Whether those of a decode step overlap; told for the start-up lines.</summary>
    public bool OverlapsDecoding { get; set; }

    public string Describe(LlamaWeights? weights = null) =>
        $"own kernels on {_device}{(weights is null ? "" : $", {_linear.Describe(weights)}{(OverlapsDecoding ? ", decode kernels overlap" : "")}")}";

    public void Begin(ForwardBatch batch)
    {
        _attention.Plan(_batch, batch);
        if (batch.CopyCount == 0) return;
        batch.Copies.AsSpan(0, batch.CopyCount).CopyTo(new Span<BlockCopy>(_copies.Host(0), batch.CopyCount));
        _copies.Upload(0, (long)batch.CopyCount * sizeof(BlockCopy));
    }

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => _cache.CopyBlocks(_copies.Device, batch.CopyCount, cache);

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken) => _elementwise.Embed(table, _batch, output, firstToken);

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) => _elementwise.RmsNorm(input, weight, epsilon, output);

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections) => _linear.Linear(input, projections);

    public void LinearAdd(Matrix input, Weight weight, Matrix residual) => _linear.LinearAdd(input, weight, residual);

    public void NormLinear(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections)
    {
        if (_linear.HasNorm(input.Rows, projections)) _linear.NormLinear(input, weight, epsilon, projections);
        else this.NormLinearInSteps(input, weight, epsilon, normed, projections);
    }

    public void NormGated(Matrix input, Matrix weight, float epsilon, Matrix normed, Projection gate, Projection up)
    {
        if (_linear.HasNorm(input.Rows, [gate, up]) && _linear.HasGate(input.Rows, gate, up)) _linear.NormGated(input, weight, epsilon, gate, up);
        else this.NormGatedInSteps(input, weight, epsilon, normed, gate, up);
    }

    public void NormRotated(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        if (cache.Keys.Dtype == ScalarType.BFloat16 && _linear.HasNorm(input.Rows, projections) && _linear.HasRotation(input.Rows, projections, shape.HeadDim))
            _linear.NormRotated(input, weight, epsilon, [projections[0], new(projections[1].Weight, cache.Keys), new(projections[2].Weight, cache.Values)], new CudaRotation(rope, _batch, shape));
        else this.NormRotatedInSteps(input, weight, epsilon, normed, projections, rope, batch, shape, cache);
    }

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        _cache.RotateAndStore(queries, keys, values, rope, _batch, cache);

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output) => _attention.Attend(queries, _batch, cache, output);

    public void SiluMultiply(Matrix gate, Matrix up) => _elementwise.SiluMultiply(gate, up);

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output)
    {
        rows.CopyTo(new Span<int>(_rows.Host(0), rows.Length));
        _rows.Upload(0, (long)rows.Length * sizeof(int));
        _elementwise.TakeRows(input, _rows.Device, output);
    }

    public void Dispose()
    {
        _attention.Dispose();
        _linear.Dispose();
        _rows.Dispose();
        _copies.Dispose();
    }
}
