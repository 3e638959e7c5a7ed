namespace Llama.Model.Cuda;

/// <summary>Device memory with page-locked host memories of the same size, between which it is copied asynchronously: one for each step that may be under way.</summary>
internal sealed unsafe class StagedBuffer : IDisposable
{
    private readonly CudaStream _stream;
    private readonly nint[] _hosts;

    /// <summary>Allocates.</summary>
    /// <param name="stream">On which copies are enqueued.</param>
    /// <param name="hosts">Number of host memories.</param>
    /// <param name="bytes">Of each memory.</param>
    public StagedBuffer(CudaStream stream, int hosts, long bytes)
    {
        (_stream, _hosts) = (stream, new nint[hosts]);
        Allocate(bytes);
    }

    /// <summary>The device's memory.</summary>
    public nint Device { get; private set; }

    /// <summary>Bytes of each memory.</summary>
    public long Capacity { get; private set; }

    /// <summary>One of the host's memories.</summary>
    public void* Host(int index) => (void*)_hosts[index];

    /// <summary>Makes room, twice as much as asked for, and forgets what was in it. Waits for the stream if it must: rare, because it never shrinks.</summary>
    /// <returns>Whether addresses changed.</returns>
    public bool Reserve(long bytes)
    {
        if (bytes <= Capacity) return false;
        _stream.Synchronize();
        Free();
        Allocate(2 * bytes);
        return true;
    }

    /// <summary>Enqueues the copy of the first bytes to the device.</summary>
    public void Upload(int index, long bytes) => _stream.Driver.CopyAsync(Device, _hosts[index], bytes, _stream.Handle);

    /// <summary>Enqueues the copy of the first bytes to the host.</summary>
    public void Download(int index, long bytes) => _stream.Driver.CopyAsync(_hosts[index], Device, bytes, _stream.Handle);

    public void Dispose() => Free();

    private void Allocate(long bytes)
    {
        Device = _stream.Driver.Allocate(bytes);
        for (int i = 0; i < _hosts.Length; i++) _hosts[i] = _stream.Driver.AllocatePinned(bytes);
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
}
