using Llama.Model.Cuda.Native;

namespace Llama.Model.Cuda;

/// <summary>NCCL's connections of several GPUs. When one fails the others' kernels would wait for it for ever; so all connections are given up then, and there is no way back.</summary>
internal sealed unsafe class NcclGroup : IDisposable
{
    private readonly nint[] _communicators;
    private int _isGivenUp;

    /// <summary>Connects devices.</summary>
    /// <param name="library">NCCL.</param>
    /// <param name="devices">Their indices, each once.</param>
    /// <exception cref="CudaException">NCCL does not; with its reason.</exception>
    public NcclGroup(CudaLibrary library, params int[] devices)
    {
        (Api, Name) = (new NcclApi(library.Library), $"NCCL {library.Version}");
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

    /// <summary>Ends what waits on any device; from any thread.</summary>
    public void GiveUp()
    {
        if (Interlocked.Exchange(ref _isGivenUp, 1) != 0) return;
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
