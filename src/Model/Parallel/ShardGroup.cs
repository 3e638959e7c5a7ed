using Llama.Model.Backends;
using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>
/// The devices that share every layer of a part. They run each step together, and it is over for all before the next begins; so when one fails, it fails the step on all, and they start the next afresh.
/// </summary>
internal sealed class ShardGroup : IDisposable
{
    private readonly DeviceBarrier _work, _end;
    private readonly PaddedLong[] _failedAt; // by device: the last step that failed there, from 1
    private HostExchange? _exchange;
    private NcclGroup? _nccl; // where all are GPUs that it connects

    /// <summary>For so many devices, each with a thread of its own.</summary>
    public ShardGroup(int count) => (_work, _end, _failedAt) = (new DeviceBarrier(count), new DeviceBarrier(count), new PaddedLong[count]);

    /// <summary>Devices.</summary>
    public int Count => _work.Count;

    /// <summary>The shape of the whole model, once it is known.</summary>
    public LlamaConfig Whole { get; private set; } = null!;

    /// <summary>By what they add and gather, for the start-up lines.</summary>
    public string Way { get; private set; } = "";

    /// <summary>Whether the next step can go well after one that failed.</summary>
    public bool SurvivesFailure => _nccl is null;

    /// <summary>Bytes that a device takes to share a part with others, beside its own intermediate results: of the first all logits, and of the processor's what goes from one to the other through its memory.</summary>
    /// <param name="whole">The model's shape.</param>
    /// <param name="part">What the device holds.</param>
    /// <param name="size">Of the largest step.</param>
    /// <param name="isHost">Whether it is the processor's.</param>
    public static long BytesOf(LlamaConfig whole, ModelPart part, StepSize size, bool isHost)
    {
        if (part.ShardCount == 1) return 0;
        int samples = part.HasHead(whole) ? size.Samples : 0;
        long exchanged = isHost ? HostExchange.BytesOf(ElementsOf(whole, part.ShardOf(whole).Vocabulary.Count, size.Tokens, samples)) : 0;
        return exchanged + (part.Shard == 0 ? Matrix.BytesOf(samples, whole.VocabSize, ScalarType.Float32) : 0);
    }

    /// <summary>Makes ready what they exchange their results by; before any joins.</summary>
    /// <param name="whole">The model's shape.</param>
    /// <param name="devices">Of the group.</param>
    /// <param name="tokens">Most token rows of a step.</param>
    /// <param name="samples">Most rows whose logits are wanted at once; 0 where the head is elsewhere.</param>
    /// <param name="deterministic">Whether a row's sums must not depend on the other rows.</param>
    /// <exception cref="ArgumentException">The model cannot be cut for so many devices; with what would work.</exception>
    public void Connect(LlamaConfig whole, IReadOnlyList<BackendChoice> devices, int tokens, int samples, bool deterministic)
    {
        Whole = whole;
        int[] columns = ColumnsOfLogits();
        if (TryNccl(devices, deterministic, out string way) is { } nccl) (_nccl, Way) = (nccl, way);
        else (_exchange, Way) = (new HostExchange(_work, [.. columns.Select(count => ElementsOf(whole, count, tokens, samples))]), way);
    }

    /// <summary>Makes one device's kernels work on its share together with the others; on the device's thread.</summary>
    /// <param name="part">Which share.</param>
    /// <param name="kernels">The device's own; stay the caller's.</param>
    /// <param name="backend">The device's; stays the caller's.</param>
    /// <param name="samples">Most rows whose logits are wanted at once.</param>
    public ShardedKernels Join(ModelPart part, IKernels kernels, IBackend backend, int samples)
    {
        ICollective collective = _nccl is { } nccl
            ? new NcclCollective(nccl, part.Shard, ((CudaBackend)backend).Stream, ColumnsOfLogits(), () => _work.Failure)
            : new HostCollective(_exchange!, part.Shard, backend.Memory);
        return new ShardedKernels(kernels, part.ShardOf(Whole), collective, backend.Memory, part.HasHead(Whole) ? samples : 0);
    }

    /// <summary>Lets the step that is under way fail on all.</summary>
    /// <param name="device">On which it failed first, or with another.</param>
    /// <param name="step">Its number, the same on all.</param>
    /// <param name="failure">With what.</param>
    public void Fail(int device, long step, Exception failure)
    {
        Volatile.Write(ref _failedAt[device].Value, step + 1);
        _work.Fail(failure);
        _nccl?.GiveUp();
    }

    /// <summary>Waits until all are at the end of a step.</summary>
    public void EndStep(int device, long step)
    {
        _end.Meet(device);
        if (!HasFailed(step)) return; // what is under way now may be the next, and have failed on one that is ahead
        _end.Meet(device);
        if (device == 0) _work.Reset();
        _end.Meet(device);
    }

    public void Dispose()
    {
        _nccl?.Dispose();
        _exchange?.Dispose();
        _work.Dispose();
        _end.Dispose();
    }

    private bool HasFailed(long step)
    {
        foreach (ref readonly PaddedLong failed in _failedAt.AsSpan())
            if (Volatile.Read(in failed.Value) == step + 1) return true;
        return false;
    }

    // Of the largest matrix that a device hands to the others.
    private static int ElementsOf(LlamaConfig whole, int logits, int tokens, int samples) => checked(Math.Max(tokens * whole.HiddenSize, samples * logits));

    private int[] ColumnsOfLogits() => [.. Enumerable.Range(0, Count).Select(device => Shard.Of(Whole, device, Count).Vocabulary.Count)];

    private static NcclGroup? TryNccl(IReadOnlyList<BackendChoice> devices, bool deterministic, out string way)
    {
        int[] indices = [.. devices.Where(device => device is { Device.IsCuda: true, Kernels: "fused" }).Select(device => device.Device.CudaIndex!.Value).Distinct()];
        way = "over host memory";
        if (indices.Length < devices.Count) return null;
        CudaLibrary? library = null;
        string? reason = "deterministic: NCCL adds more than two in no fixed order";
        if ((deterministic && indices.Length > 2) || !CudaDevices.TryFind(out CudaDevices? there, out reason) || !CudaLibraries.TryFind(ToolkitLibrary.Nccl, there.DriverVersion, out library, out reason))
        {
            way += $", slowly ({reason})";
            return null;
        }
        NcclGroup group = new(library, indices);
        way = $"by {group.Name}";
        return group;
    }
}
