namespace Llama.Model.Cuda;

/// <summary>Brings the numbers of some rows to the device. Between two calls the stream must have been waited for: there is one buffer, and a step takes rows once.</summary>
internal sealed unsafe class RowUpload(CudaStream stream, int maxRows) : IDisposable
{
    private readonly nint _host = stream.Driver.AllocatePinned((long)maxRows * sizeof(int)), _device = stream.Driver.Allocate((long)maxRows * sizeof(int));

    /// <summary>Enqueues the transfer and says where the numbers will be: [rows] int32.</summary>
    public nint Enqueue(ReadOnlySpan<int> rows)
    {
        rows.CopyTo(new Span<int>((void*)_host, maxRows));
        stream.Driver.CopyAsync(_device, _host, (long)rows.Length * sizeof(int), stream.Handle);
        return _device;
    }

    public void Dispose()
    {
        stream.Driver.Free(_device);
        stream.Driver.FreePinned(_host);
    }
}
