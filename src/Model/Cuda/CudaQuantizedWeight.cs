using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>A <see cref="QuantizedWeight"/> in device memory, its codes in the order in which tensor cores take them (<c>codes.cuh</c>).</summary>
internal sealed class CudaQuantizedWeight : Weight
{
    private const int Tile = 16, RowGroupShift = 11, MostGrain = 64;

    private readonly ICudaDriver? _driver; // null where the memory is someone else's

    /// <summary>Memory for a weight of this form, not filled.</summary>
    /// <exception cref="ArgumentException">There are no kernels for its groups.</exception>
    public CudaQuantizedWeight(ICudaDriver driver, int outputs, int inputs, int bits, int groupSize, bool hasMinima) : base(outputs, inputs)
    {
        GroupShift = ShiftOf(groupSize, inputs);
        Format = new CudaLinearFormat(bits, hasMinima, Math.Min(MostGrain, 1 << GroupShift));
        GroupCount = (inputs + (1 << GroupShift) - 1) >> GroupShift;
        TileCount = (outputs + Tile - 1) / Tile;
        UnitCount = (inputs + Format.UnitInputs - 1) / Format.UnitInputs;
        _driver = driver;
        (Codes, Scales) = Allocate(driver, CodeBytes, ScaleBytes);
    }

    private CudaQuantizedWeight(CudaQuantizedWeight like, nint codes, nint scales) : base(like.Outputs, like.Inputs)
    {
        (GroupShift, Format, GroupCount, TileCount, UnitCount) = (like.GroupShift, like.Format, like.GroupCount, like.TileCount, like.UnitCount);
        (Codes, Scales) = (codes, scales);
    }

    /// <summary>What its kernels are compiled for.</summary>
    public CudaLinearFormat Format { get; }

    /// <summary>Tiles of 16 outputs, the last padded.</summary>
    public int TileCount { get; }

    /// <summary>Units of inputs, for each of which every lane of a warp has 16 bytes of a tile; the last padded.</summary>
    public int UnitCount { get; }

    /// <summary>A group has 2^this inputs; one scale for a whole row is there once for every 2,048 of them.</summary>
    public int GroupShift { get; }

    /// <summary>Groups of a row.</summary>
    public int GroupCount { get; }

    /// <summary>Address of [tiles, units, 32] of 16 bytes.</summary>
    public nint Codes { get; }

    /// <summary>Address of [tiles, groups, 16] scales: the nearest float16 (65,504 at most), or float32 with as many minima behind them.</summary>
    public nint Scales { get; }

    public override long ByteCount => CodeBytes + ScaleBytes;

    private long CodeBytes => (long)TileCount * UnitCount * 32 * 16;

    private long ScaleBytes => (long)TileCount * GroupCount * Tile * Format.ScaleBytes;

    public override Tensor Widen(Tensor? rows = null) => throw new InvalidOperationException("Codes on a CUDA device are for its own kernels; the plain ones take weights that were widened before.");

    public override bool HasFormatOf(Weight other) => other is CudaQuantizedWeight codes && codes.Format == Format && codes.GroupShift == GroupShift;

    public override IReadOnlyList<MemoryPart> Parts => [new(Codes, CodeBytes), new(Scales, ScaleBytes)];

    public override Weight On(ReadOnlySpan<nint> parts) => new CudaQuantizedWeight(this, parts[0], parts[1]);

    public override void Dispose()
    {
        _driver?.Free(Codes);
        _driver?.Free(Scales);
    }

    private static (nint, nint) Allocate(ICudaDriver driver, long codeBytes, long scaleBytes)
    {
        nint codes = driver.Allocate(codeBytes);
        try
        {
            return (codes, driver.Allocate(scaleBytes));
        }
        catch
        {
            driver.Free(codes);
            throw;
        }
    }

    private static int ShiftOf(int groupSize, int inputs)
    {
        if (groupSize >= inputs && groupSize is not (16 or 32 or 64 or 128 or 256)) return RowGroupShift;
        if (groupSize < 16 || !int.IsPow2(groupSize)) throw new ArgumentException($"The CUDA kernels have no groups of {groupSize} codes; use Model:Device=cpu, or a checkpoint with groups of 16 to 256.");
        return int.Log2(groupSize);
    }
}
