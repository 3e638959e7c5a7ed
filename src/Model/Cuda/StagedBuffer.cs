namespace Llama.Model.Cuda;

/// <summary>Device memory with page-locked host memories of the same size, from which it is filled asynchronously: one for each step that may be under way.</summary>
internal sealed unsafe class StagedBuffer : IDisposable
{
    private const int WordBytes = 16, ThreadsPerBlock = 128; // as in transfer.cu

    private readonly CudaStream _stream;
    private readonly CudaKernel _transfer;
    private readonly nint[] _hosts;

    /// <summary>Allocates.</summary>
    /// <param name="stream">On which copies are enqueued.</param>
    /// <param name="hosts">Number of host memories.</param>
    /// <param name="bytes">Of each memory.</param>
    public StagedBuffer(CudaStream stream, int hosts, long bytes)
    {
        (_stream, _transfer, _hosts) = (stream, stream.Transfer, new nint[hosts]);
        Allocate(bytes);
    }

    /// <summary>The device's memory.</summary>
    public nint Device { get; private set; }

    /// <summary>Bytes of each memory.</summary>
    public long Capacity { get; private set; }

    /// <summary>One of the host's memories.</summary>
    public void* Host(int index) => (void*)_hosts[index];

    /// <summary>Makes room, twice as much as asked for, and forgets what was in it. Waits for the stream if it must: rare, because it never shrinks.</summary>
    public void Reserve(long bytes)
    {
        if (bytes <= Capacity) return;
        _stream.Synchronize();
        Free();
        Allocate(2 * bytes);
    }

    /// <summary>Enqueues the copy of the first bytes to the device.</summary>
    /// <param name="index">Of the host's memory.</param>
    /// <param name="bytes">How many, rounded up to whole words of 16.</param>
    /// <param name="table">int32 on the device.</param>
    /// <param name="indices">How many int32 at the beginning are places in that table, from which is taken what goes.</param>
    public void Upload(int index, long bytes, nint table = 0, int indices = 0)
    {
        int words = checked((int)(Rounded(bytes) / WordBytes));
        _transfer.Launch(new LaunchShape((words + ThreadsPerBlock - 1) / ThreadsPerBlock, 1, 1, ThreadsPerBlock), Device, _hosts[index], words, table, indices);
    }

    public void Dispose() => Free();

    private void Allocate(long bytes)
    {
        Device = _stream.Driver.Allocate(Rounded(bytes));
        for (int i = 0; i < _hosts.Length; i++) _hosts[i] = _stream.Driver.AllocatePinned(Rounded(bytes));
        Capacity = bytes;
    }

    // Of a buffer that could not be made larger some memories are missing.
    private void Free()
    {
        if (Device != 0) _stream.Driver.Free(Device);
        foreach (nint host in _hosts)
            if (host != 0) _stream.Driver.FreePinned(host);
        (Device, Capacity) = (0, 0);
        Array.Clear(_hosts);
    }

    private static long Rounded(long bytes) => (bytes + WordBytes - 1) / WordBytes * WordBytes;
}
