using Llama.Model.Cuda;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;

namespace Llama.Model.Tests.Cuda.Sampling;

/// <summary>The sampler on an emulated device, and the one on the host to compare it with.</summary>
internal sealed class SamplerRig : IDisposable
{
    private readonly int _vocabSize;
    private readonly nint _logits;

    /// <param name="vocabSize">Columns of the logits.</param>
    /// <param name="maxRows">Most samples of a step.</param>
    /// <param name="threads">That draw from one row: few, because each is a fiber.</param>
    public SamplerRig(int vocabSize, int maxRows, int threads = 64)
    {
        _vocabSize = vocabSize;
        Kernels = new SamplingKernels(Device.Stream, vocabSize, maxRows, threads);
        Sampler = new CudaSampler(Device.Stream, Kernels, vocabSize, maxRows);
        _logits = Device.New((long)maxRows * vocabSize * sizeof(float));
    }

    public Device Device { get; } = new();

    public SamplingKernels Kernels { get; }

    public CudaSampler Sampler { get; }

    /// <summary>Puts logits where the model would leave them, and says where.</summary>
    public unsafe nint Place(float[] logits)
    {
        fixed (float* source = logits) Device.Driver.Copy(_logits, (nint)source, (long)logits.Length * sizeof(float));
        return _logits;
    }

    /// <summary>Draws all rows of a step.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="logits">[samples, vocab]</param>
    public SampledToken[] Draw(ForwardBatch batch, float[] logits)
    {
        Sampler.Prepare(batch);
        Sampler.AskGuides();
        Sampler.Enqueue(Place(logits));
        Device.Stream.Synchronize();
        var sampled = new SampledToken[batch.SampleCount];
        Sampler.Read(0, sampled);
        return sampled;
    }

    /// <summary>What the host draws from the same.</summary>
    public SampledToken[] DrawOnHost(ForwardBatch batch, float[] logits)
    {
        var sampled = new SampledToken[batch.SampleCount];
        Tests.Sampling.StepSamplerTests.Sample(batch, [.. logits.AsSpan(0, batch.SampleCount * _vocabSize)], sampled, threads: 1);
        return sampled;
    }

    public void Dispose()
    {
        Sampler.Dispose();
        Kernels.Dispose();
        Device.Dispose();
    }
}
