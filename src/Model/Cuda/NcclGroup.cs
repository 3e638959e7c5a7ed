using Llama.Model.Cuda.Native;

namespace Llama.Model.Cuda;

/// <summary>NCCL's connections of several GPUs. When one fails the others' kernels would wait for it for ever; so all connections are given up then, and there is no way back.</summary>
internal sealed unsafe class NcclGroup : IDisposable
{
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(1); // a call that takes longer waits for a device that does not come

    private readonly nint[] _communicators;
    private readonly TimeSpan _patience;
    private int _isGivenUp, _callCount;

    /// <summary>Connects devices.</summary>
    /// <param name="library">NCCL.</param>
    /// <param name="devices">Their indices, each once.</param>
    /// <param name="patience">How long giving up waits for calls under way; null for a second.</param>
    /// <exception cref="CudaException">NCCL does not; with its reason.</exception>
    public NcclGroup(CudaLibrary library, int[] devices, TimeSpan? patience = null)
    {
        (Api, Name, _patience) = (new NcclApi(library.Library), $"NCCL {library.Version}", patience ?? UsualPatience);
        _communicators = new nint[devices.Length];
        int result;
        fixed (nint* communicators = _communicators)
        fixed (int* indices = devices) result = Api.CommInitAll(communicators, devices.Length, indices);
        Check(result, $"ncclCommInitAll of {string.Join(", ", devices.Select(device => $"cuda:{device}"))}");
    }

    public NcclApi Api { get; }

    /// <summary>With its version.</summary>
    public string Name { get; }

    /// <summary>Devices.</summary>
    public int Count => _communicators.Length;

    /// <summary>The connection of one of the devices, by its place among them.</summary>
    public nint this[int device] => _communicators[device];

    /// <summary>Begins calls on a connection, unless all are given up: with that they are freed, so nobody may be about to name one.</summary>
    public bool TryBegin()
    {
        Interlocked.Increment(ref _callCount);
        if (Volatile.Read(ref _isGivenUp) == 0) return true;
        End();
        return false;
    }

    /// <summary>Ends what <see cref="TryBegin"/> has begun.</summary>
    public void End() => Interlocked.Decrement(ref _callCount);

    /// <summary>Ends what waits on any device; from any thread that has begun nothing.</summary>
    public void GiveUp()
    {
        if (Interlocked.Exchange(ref _isGivenUp, 1) != 0) return;
        SpinWait.SpinUntil(() => Volatile.Read(ref _callCount) == 0, _patience);
        foreach (nint communicator in _communicators) _ = Api.CommAbort(communicator);
    }

    /// <summary>Throws if a call failed.</summary>
    public void Check(int result, string call)
    {
        if (result != 0) throw new CudaException($"{call} failed: {Api.Describe(result)}. NCCL_DEBUG=WARN in the environment says more.");
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isGivenUp, 1) != 0) return; // with that they are gone
        foreach (nint communicator in _communicators) _ = Api.CommDestroy(communicator);
    }
}
