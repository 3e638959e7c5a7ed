using Llama.Model.Backends;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Parallel;

/// <summary>The kernels of a backend, of which one call fails when told to.</summary>
internal sealed class FailingKernels(IKernels kernels) : IKernels
{
    private volatile string? _call;

    /// <summary>A backend whose kernels they are.</summary>
    public static CreateBackend On(CreateBackend create, Action<FailingKernels> made) => (dtype, deterministic) => new Backend(create(dtype, deterministic), made);

    /// <summary>Lets the next call of that name throw.</summary>
    public void FailAt(string call) => _call = call;

    public string Describe(LlamaWeights? weights = null) => kernels.Describe(weights);

    public void Begin(ForwardBatch batch)
    {
        MayFail(nameof(Begin));
        kernels.Begin(batch);
    }

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => kernels.CopyBlocks(batch, shape, cache);

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken) => kernels.Embed(table, batch, output, firstToken);

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output)
    {
        MayFail(nameof(RmsNorm));
        kernels.RmsNorm(input, weight, epsilon, output);
    }

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections) => kernels.Linear(input, projections);

    public void LinearAdd(Matrix input, Weight weight, Matrix residual) => kernels.LinearAdd(input, weight, residual);

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        kernels.RotateAndStore(queries, keys, values, rope, batch, shape, cache);

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output)
    {
        MayFail(nameof(Attend));
        kernels.Attend(queries, batch, shape, cache, output);
    }

    public void SiluMultiply(Matrix gate, Matrix up)
    {
        MayFail(nameof(SiluMultiply));
        kernels.SiluMultiply(gate, up);
    }

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output) => kernels.TakeRows(input, rows, output);

    private void MayFail(string call)
    {
        if (_call != call) return;
        _call = null;
        throw new InvalidDataException(call);
    }

    private sealed class Backend(IBackend backend, Action<FailingKernels> made) : BackendUnder(backend)
    {
        public override IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype)
        {
            FailingKernels kernels = new(base.CreateKernels(config, size, kvDtype));
            made(kernels);
            return kernels;
        }
    }
}
