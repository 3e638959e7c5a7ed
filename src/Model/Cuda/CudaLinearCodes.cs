using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>Weights in codes on the device: brought into its order, and widened to bfloat16 a slice at a time for products with many rows.</summary>
internal sealed unsafe class CudaLinearCodes(CudaStream stream) : IDisposable
{
    private const long SliceBytes = 32 << 20; // about what stays in the second-level cache until it is multiplied with
    private const int Threads = 256, TileOutputs = 16;

    private readonly Dictionary<CudaLinearFormat, Kernels> _kernels = [];
    private nint _slice;

    /// <summary>Begins to compile what weights of this form need.</summary>
    public void Prepare(CudaLinearFormat format)
    {
        if (_kernels.ContainsKey(format)) return;
        CudaModule module = stream.Load(new CudaUnit("codes.cu", format.Constants));
        _kernels[format] = new Kernels(module.Kernel("pack_codes"), module.Kernel("pack_scales"), module.Kernel("widen_codes"));
    }

    /// <summary>Allocates what <see cref="Multiply"/> widens into.</summary>
    public void PrepareSlice()
    {
        if (_slice == 0) _slice = stream.Driver.Allocate(SliceBytes);
    }

    /// <summary>A weight whose matrices lie on the device as they did on the host, in the device's own order.</summary>
    /// <exception cref="ArgumentException">There are no kernels for it.</exception>
    public CudaQuantizedWeight Pack(QuantizedWeight source)
    {
        CudaQuantizedWeight weight = new(stream.Driver, source.Outputs, source.Inputs, source.Bits, source.GroupSize, source.Minima is not null);
        Prepare(weight.Format);
        Kernels kernels = _kernels[weight.Format];
        int groups = Math.Max(1, QuantizedWeight.Chunk / source.GroupSize);
        kernels.PackCodes.Launch(Shape(weight.TileCount * weight.UnitCount * 32), source.Codes.Data, source.Codes.Columns, source.Outputs, source.Inputs, groups, weight.Codes);
        kernels.PackScales.Launch(Shape(weight.TileCount * weight.GroupCount * TileOutputs),
            source.Scales.Data, source.Minima is { } minima ? minima.Data : null, source.GroupCount, source.GroupSize, source.Outputs, weight.GroupCount, weight.GroupShift, weight.Scales);
        return weight;
    }

    /// <summary>output = input · weightᵀ + beta · output, by large products with slices of the outputs.</summary>
    public void Multiply(ICudaProducts products, Matrix input, CudaQuantizedWeight weight, Matrix output, float beta)
    {
        Prepare(weight.Format);
        PrepareSlice();
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

    private static LaunchShape Shape(int threads) => new((threads + Threads - 1) / Threads, 1, 1, Threads);

    private sealed record Kernels(CudaKernel PackCodes, CudaKernel PackScales, CudaKernel Widen);
}
