using Llama.Model.Cuda;
using Llama.Model.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>Tensors to an emulated device and back, and a step's arrays.</summary>
internal static unsafe class DeviceTensors
{
    /// <summary>A copy on the device, of another type if that is asked for. The device keeps the memory.</summary>
    public static Matrix Upload(this Device device, Tensor tensor, ScalarType? dtype = null)
    {
        using Tensor converted = tensor.to(dtype ?? tensor.dtype), contiguous = converted.contiguous();
        Matrix onHost = Matrix.Of(contiguous);
        nint data = device.Of(new ReadOnlySpan<byte>(onHost.Data, checked((int)onHost.ByteCount)));
        return new Matrix((void*)data, onHost.Rows, onHost.Columns, onHost.Dtype, isOnHost: false, free: null);
    }

    /// <summary>What is there after all that was enqueued, as float32.</summary>
    public static Tensor Download(this Device device, Matrix matrix)
    {
        byte[] bytes = device.Read<byte>((nint)matrix.Data, checked((int)matrix.ByteCount));
        using Tensor stored = empty([matrix.Rows, matrix.Columns], matrix.Dtype);
        bytes.CopyTo(new Span<byte>(Matrix.Of(stored).Data, bytes.Length));
        return stored.to(ScalarType.Float32, copy: true);
    }

    /// <summary>The arrays of a step, with rows of padding behind its own as a captured graph has them.</summary>
    public static CudaBatch Upload(this Device device, ForwardBatch batch, int padding = 0)
    {
        int tokens = batch.TokenCount, sequences = batch.SequenceCount;
        return new CudaBatch
        {
            TokenIds = device.Of([.. batch.TokenIds[..tokens], .. new int[padding]]),
            Positions = device.Of([.. batch.Positions[..tokens], .. new int[padding]]),
            Slots = device.Of([.. batch.Slots[..tokens], .. Enumerable.Repeat(-1, padding)]),
            TokenStarts = device.Of([.. batch.TokenStarts[..(sequences + 1)], .. Enumerable.Range(tokens + 1, padding)]),
            ContextLengths = device.Of([.. batch.ContextLengths[..sequences], .. new int[padding]]),
            BlockTables = device.Of([.. batch.BlockTables[..(sequences * batch.BlockTableStride)], .. new int[padding * batch.BlockTableStride]]),
            BlockTableStride = batch.BlockTableStride,
        };
    }

    /// <summary>A cache of the processor as a device has it: keys lie as values do. Where nothing was written are values that may not be read.</summary>
    public static KvLayer Upload(this Device device, KvLayer cache, AttentionShape shape)
    {
        using DisposeScope scope = NewDisposeScope();
        int rows = cache.Keys.Rows;
        Tensor keys = cache.Keys.Tensor.view(rows, shape.KvHeadCount, -1, shape.BlockSize, KvLayer.PerUnit(cache.Keys.Dtype)).transpose(2, 3).reshape(rows, -1);
        return new KvLayer(device.Upload(keys), device.Upload(cache.Values.Tensor), Scales(cache.KeyScales), Scales(cache.ValueScales));

        Matrix? Scales(Matrix? scales) => scales is null ? null : device.Upload(scales.Tensor.masked_fill(scales.Tensor.eq(99), float.NaN));
    }
}
