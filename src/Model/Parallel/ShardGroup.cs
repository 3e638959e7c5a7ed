using Llama.Model.Backends;
using Llama.Model.Kernels;

namespace Llama.Model.Parallel;

/// <summary>
/// The devices that share every layer of a part. They run each step together, and it is over for all before the next begins; so when one fails, it fails the step on all, and they start the next afresh.
/// </summary>
internal sealed class ShardGroup : IDisposable
{
    private readonly DeviceBarrier _work, _end;
    private HostExchange? _exchange;

    /// <summary>For so many devices, each with a thread of its own.</summary>
    public ShardGroup(int count) => (_work, _end) = (new DeviceBarrier(count), new DeviceBarrier(count));

    /// <summary>Devices.</summary>
    public int Count => _work.Count;

    /// <summary>The shape of the whole model, once it is known.</summary>
    public LlamaConfig Whole { get; private set; } = null!;

    /// <summary>Makes ready what they exchange their results by; before any joins.</summary>
    /// <param name="whole">The model's shape.</param>
    /// <param name="tokens">Most token rows of a step.</param>
    /// <param name="samples">Most rows whose logits are wanted at once; 0 where the head is elsewhere.</param>
    /// <exception cref="ArgumentException">The model cannot be cut for so many devices; with what would work.</exception>
    public void Connect(LlamaConfig whole, int tokens, int samples)
    {
        Whole = whole;
        _exchange = new HostExchange(_work, [.. Enumerable.Range(0, Count).Select(device => checked(Math.Max(tokens * whole.HiddenSize, samples * Shard.Of(whole, device, Count).Vocabulary.Count)))]);
    }

    /// <summary>Makes one device's kernels work on its share together with the others; on the device's thread.</summary>
    /// <param name="part">Which share.</param>
    /// <param name="kernels">The device's own; stay the caller's.</param>
    /// <param name="backend">The device's; stays the caller's.</param>
    /// <param name="samples">Most rows whose logits are wanted at once.</param>
    public ShardedKernels Join(ModelPart part, IKernels kernels, IBackend backend, int samples) =>
        new(kernels, part.ShardOf(Whole), new HostCollective(_exchange!, part.Shard, backend.Memory), backend.Memory, part.HasHead(Whole) ? samples : 0);

    /// <summary>Lets the step that is under way fail on all.</summary>
    public void Fail(Exception failure) => _work.Fail(failure);

    /// <summary>Waits until all are at the end of a step.</summary>
    public void EndStep(int device)
    {
        _end.Meet(device);
        if (_work.Failure is null) return; // nobody changes that here
        _end.Meet(device);
        if (device == 0) _work.Reset();
        _end.Meet(device);
    }

    public void Dispose()
    {
        _exchange?.Dispose();
        _work.Dispose();
        _end.Dispose();
    }
}
