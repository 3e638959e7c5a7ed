using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>Weights in codes: brought to the device and into its order, and widened to bfloat16 a slice at a time for products with many rows.</summary>
internal sealed unsafe class CudaLinearCodes(CudaStream stream) : IDisposable
{
    private const long SliceBytes = 32 << 20; // about what stays in the second-level cache until it is multiplied with
    private const int Threads = 256, TileOutputs = 16;

    private readonly Dictionary<CudaLinearFormat, Kernels> _kernels = [];
    private nint _slice;

    /// <summary>Compiles what weights of this form need, and allocates the slice.</summary>
    public void Prepare(CudaLinearFormat format)
    {
        if (_slice == 0) _slice = stream.Driver.Allocate(SliceBytes);
        if (_kernels.ContainsKey(format)) return;
        CudaModule module = stream.Load(new CudaUnit("codes.cu", format.Constants));
        _kernels[format] = new Kernels(module.Kernel("pack_codes"), module.Kernel("pack_scales"), module.Kernel("widen_codes"));
    }

    /// <summary>A copy on the device.</summary>
    /// <exception cref="ArgumentException">There are no kernels for it.</exception>
    public CudaQuantizedWeight Upload(QuantizedWeight onHost)
    {
        CudaQuantizedWeight weight = new(stream.Driver, onHost.Outputs, onHost.Inputs, onHost.Bits, onHost.GroupSize, onHost.Minima is not null);
        Prepare(weight.Format);
        UploadCodes(onHost, weight);
        UploadScales(onHost, weight);
        return weight;
    }

    /// <summary>output = input · weightᵀ + beta · output, by large products with slices of the outputs.</summary>
    public void Multiply(ICudaProducts products, Matrix input, CudaQuantizedWeight weight, Matrix output, float beta)
    {
        Prepare(weight.Format);
        int tiles = (int)Math.Max(1, SliceBytes / ((long)TileOutputs * weight.Inputs * 2)), elementBytes = output.Dtype == ScalarType.BFloat16 ? 2 : 4;
        for (int first = 0; first < weight.TileCount; first += tiles)
        {
            int count = Math.Min(tiles, weight.TileCount - first), outputs = Math.Min(count * TileOutputs, weight.Outputs - first * TileOutputs);
            _kernels[weight.Format].Widen.Launch(Shape(count * weight.UnitCount * 32), weight.Codes, weight.Scales, weight.Outputs, weight.Inputs, weight.GroupCount, weight.GroupShift, first, count, _slice);
            products.Multiply((nint)input.Data, _slice, (nint)output.Data + (nint)first * TileOutputs * elementBytes, input.Rows, outputs, weight.Inputs, output.Columns, ScalarType.BFloat16, output.Dtype, beta);
        }
    }

    public void Dispose()
    {
        if (_slice != 0) stream.Driver.Free(_slice);
    }

    // In the host's order through the slice, whole tiles at a time.
    private void UploadCodes(QuantizedWeight onHost, CudaQuantizedWeight weight)
    {
        int rowBytes = onHost.Codes.Columns, tiles = (int)(SliceBytes / ((long)TileOutputs * rowBytes)), groups = Math.Max(1, QuantizedWeight.Chunk / onHost.GroupSize);
        for (int first = 0; first < weight.TileCount; first += tiles)
        {
            int row = first * TileOutputs, rows = Math.Min(tiles * TileOutputs, onHost.Outputs - row), tileThreads = weight.UnitCount * 32;
            stream.Driver.Copy(_slice, (nint)onHost.Codes.Data + (nint)row * rowBytes, (long)rows * rowBytes);
            _kernels[weight.Format].PackCodes.Launch(Shape((rows + TileOutputs - 1) / TileOutputs * tileThreads), _slice, rowBytes, rows, onHost.Inputs, groups, weight.Codes + (nint)first * tileThreads * 16);
            stream.Synchronize(); // before the slice is filled again
        }
    }

    private void UploadScales(QuantizedWeight onHost, CudaQuantizedWeight weight)
    {
        nint scales = Copy(onHost.Scales), minima = onHost.Minima is null ? 0 : Copy(onHost.Minima);
        _kernels[weight.Format].PackScales.Launch(Shape(weight.TileCount * weight.GroupCount * TileOutputs),
            scales, minima, onHost.GroupCount, onHost.GroupSize, onHost.Outputs, weight.GroupCount, weight.GroupShift, weight.Scales);
        stream.Synchronize();
        stream.Driver.Free(scales);
        if (minima != 0) stream.Driver.Free(minima);
    }

    private nint Copy(Matrix onHost)
    {
        nint memory = stream.Driver.Allocate(onHost.ByteCount);
        stream.Driver.Copy(memory, (nint)onHost.Data, onHost.ByteCount);
        return memory;
    }

    private static LaunchShape Shape(int threads) => new((threads + Threads - 1) / Threads, 1, 1, Threads);

    private sealed record Kernels(CudaKernel PackCodes, CudaKernel PackScales, CudaKernel Widen);
}
