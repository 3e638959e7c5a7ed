using Llama.Model.Backends;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>Runs the steps of a model, or of a part of one, on its device and counts the time that they take. Belongs to the device's thread.</summary>
/// <param name="backend">Of the device; stays the caller's.</param>
/// <param name="model">With its cache; stays the caller's.</param>
/// <param name="step">Of a part that has the head; null of any other. Taken over.</param>
internal sealed class StepRunner(IBackend backend, LlamaModel model, IStep? step) : IDisposable
{
    /// <summary>Of all steps so far.</summary>
    public BusyTime Busy { get; } = new();

    /// <summary>Gives way before each step; null but where weights stream and some are kept.</summary>
    public SpareMemory? Spare { private get; set; }

    /// <summary>As <see cref="IModelRunner.IsAhead"/>.</summary>
    public bool IsAhead => step!.IsAhead;

    /// <summary>As <see cref="IModelRunner.Waited"/>.</summary>
    public TimeSpan Waited => step!.Waited;

    /// <summary>Takes the residual stream of a step, which is run next, from the part before.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="stream">[tokens, hidden] float32, on the host.</param>
    public void Take(ForwardBatch batch, Matrix stream)
    {
        step?.Prepare(batch);
        backend.Memory.Upload(stream, model.Stream(stream.Rows));
    }

    /// <summary>Runs a step of a model, or its last part, as <see cref="IModelRunner.Run"/> says.</summary>
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        using BusyTime.Stretch work = Begin(batch);
        step!.Run(batch, sampled, scored);
    }

    /// <summary>Runs a step of a part without the head and hands on the residual stream behind its layers.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="stream">[tokens, hidden] float32, on the host; null where another device hands it on.</param>
    public unsafe void Run(ForwardBatch batch, Matrix? stream)
    {
        using BusyTime.Stretch work = Begin(batch);
        backend.Bring(batch);
        Matrix residual = model.Forward(batch);
        if (stream is null) backend.Synchronize();
        else backend.Memory.Download(residual, stream.Data);
    }

    public void Dispose() => step?.Dispose();

    private BusyTime.Stretch Begin(ForwardBatch batch)
    {
        BusyTime.Stretch work = Busy.Begin();
        Spare?.GiveWay(batch);
        return work;
    }
}
