using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>
/// Memory of a CUDA device. Matrices come from the host in pieces through two page-locked buffers in turn: while the device fetches one, all threads fill the other from the mapped file,
/// converting on the way. Everything goes by the device's one stream, so a kernel enqueued later finds it done.
/// </summary>
internal sealed unsafe class CudaMemory(CudaStream stream) : DeviceMemory
{
    private const int PieceBytes = 8 << 20;

    private readonly ICudaDriver _driver = stream.Driver;
    private readonly nint[] _buffers = [stream.Driver.AllocatePinned(PieceBytes), stream.Driver.AllocatePinned(PieceBytes)];
    private readonly nint[] _fetched = [stream.Driver.CreateEvent(), stream.Driver.CreateEvent()]; // when a buffer may be filled again
    private int _turn;

    /// <summary>Takes over a weight in codes that lies on the device and hands it out in the form that its kernels want; the kernels set it, which are made after this. As long as it is null codes keep their form.</summary>
    public Func<QuantizedWeight, Weight>? PackCodes { get; set; }

    public override long FreeBytes() => _driver.MemoryInfo().Free;

    public override Matrix Empty(int rows, int columns, ScalarType dtype) =>
        new((void*)_driver.Allocate(Math.Max(1, Matrix.BytesOf(rows, columns, dtype))), rows, columns, dtype, isOnHost: false, _driver.Free);

    public override Matrix Place(Matrix onHost, ScalarType dtype)
    {
        using (onHost)
        {
            Matrix placed = Empty(onHost.Rows, onHost.Columns, dtype);
            Upload(onHost, placed);
            return placed;
        }
    }

    public override void Upload(Matrix onHost, Matrix target)
    {
        long count = (long)target.Rows * target.Columns;
        int elements = PieceBytes / Matrix.ElementBytes(target.Dtype);
        for (long start = 0; start < count; start += elements) Upload(onHost, target, start, Math.Min(elements, count - start));
    }

    public override Weight Place(QuantizedWeight onHost)
    {
        Weight placed = base.Place(onHost);
        return PackCodes is null ? placed : PackCodes((QuantizedWeight)placed);
    }

    public override void Download(Matrix matrix, void* target)
    {
        stream.Synchronize(); // the driver's own copies do not wait for other streams
        _driver.Copy((nint)target, (nint)matrix.Data, matrix.ByteCount);
    }

    public override void Dispose()
    {
        stream.SynchronizeOrLose();
        foreach (nint buffer in _buffers) _driver.FreePinned(buffer);
        foreach (nint place in _fetched) _driver.DestroyEvent(place);
    }

    private void Upload(Matrix source, Matrix target, long start, long count)
    {
        nint buffer = _buffers[_turn], fetched = _fetched[_turn];
        int elementBytes = Matrix.ElementBytes(target.Dtype);
        _driver.WaitFor(fetched); // of an event that was never recorded: at once
        FloatConversion.Run((byte*)source.Data + start * Matrix.ElementBytes(source.Dtype), source.Dtype, (void*)buffer, target.Dtype, count);
        _driver.CopyAsync((nint)target.Data + (nint)(start * elementBytes), buffer, count * elementBytes, stream.Handle);
        _driver.Record(fetched, stream.Handle);
        _turn ^= 1;
    }
}
