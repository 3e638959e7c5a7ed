using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd;

/// <summary>A <see cref="QuantizedWeight"/> as kernels see it: addresses and sizes.</summary>
internal readonly unsafe struct CodeRows(QuantizedWeight weight)
{
    private readonly byte* _codes = (byte*)weight.Codes.Data;
    private readonly float* _scales = weight.Scales.Floats;
    private readonly float* _minima = weight.Minima is null ? null : weight.Minima.Floats;
    private readonly int _bits = weight.Bits, _groupSize = weight.GroupSize, _groupCount = weight.GroupCount, _rowBytes = weight.Codes.Columns, _zeroPoint = weight.ZeroPoint;

    public readonly int Inputs = weight.Inputs, Outputs = weight.Outputs;

    /// <summary>Inputs rounded up to whole chunks: what <see cref="Widen"/> may write.</summary>
    public int PaddedInputs => _rowBytes * 8 / _bits;

    /// <summary>Converts a row to float32.</summary>
    /// <param name="row">Which.</param>
    /// <param name="codes">[paddedInputs] to work in.</param>
    /// <param name="target">[paddedInputs]; what comes behind the inputs is left in an unspecified state.</param>
    [MethodImpl(Compiled.AtOnce)]
    public void Widen<TLanes>(long row, byte* codes, float* target) where TLanes : struct, ILanes<TLanes>
    {
        byte* natural = Unpack(row, codes);
        float* scales = _scales + row * _groupCount, minima = _minima + row * _groupCount;
        for (int group = 0; group < _groupCount; group++)
        {
            int start = group * _groupSize, end = Math.Min(start + _groupSize, PaddedInputs); // both multiples of 16
            TLanes scale = TLanes.All(scales[group]), offset = TLanes.All(-(_minima is null ? scales[group] * _zeroPoint : minima[group]));
            for (int i = start; i < end; i += TLanes.Count) TLanes.Store(TLanes.MultiplyAdd(scale, TLanes.Load(natural + i), offset), target + i);
        }
    }

    // Codes of 8 bits in wide groups lie in their natural order already.
    private byte* Unpack(long row, byte* codes)
    {
        byte* packed = _codes + row * _rowBytes;
        if (_bits == 8 && _groupSize >= QuantizedWeight.Chunk) return packed;
        CodeOrder.Unpack(new ReadOnlySpan<byte>(packed, _rowBytes), _bits, _groupSize, new Span<byte>(codes, PaddedInputs));
        return codes;
    }
}
