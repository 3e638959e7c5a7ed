using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises one row after another; keeps what memory that takes. For one thread.</summary>
internal sealed unsafe class RowQuantizer(int inputs, QuantizationType type)
{
    private const float Negligible = 1e-15f; // beside the row's largest value, which is 1 to 2 here

    private readonly int _groupSize = type.GroupSizeOf(inputs);
    private readonly float[] _values = new float[inputs];
    private readonly byte[] _codes = new byte[inputs];

    /// <summary>Writes a row's codes, scales and minima; false when it holds a value that is no finite number.</summary>
    /// <param name="row">[inputs]</param>
    /// <param name="dtype">Its type: float32, float16 or bfloat16.</param>
    /// <param name="weight">Where to.</param>
    /// <param name="output">Which row of it.</param>
    public bool TryQuantize(void* row, ScalarType dtype, QuantizedWeight weight, int output)
    {
        Span<float> scales = weight.Scales.Row<float>(output), minima = weight.Minima is null ? default : weight.Minima.Row<float>(output);
        Read(row, dtype);
        float size = 0;
        foreach (float value in _values) size = MathF.Max(size, MathF.Abs(value)); // a NaN stays one
        if (!float.IsFinite(size)) return false;
        float unit = size > 0 ? MathF.ScaleB(1, MathF.ILogB(size)) : 1; // everything is relative to it, so that no square overflows
        foreach (ref float value in _values.AsSpan()) value /= unit;
        ShortScale? stored = type.HasShortScales ? ShortScale.Of(size, unit) : null;
        for (int group = 0; group < scales.Length; group++)
        {
            int start = group * _groupSize, count = Math.Min(_groupSize, inputs - start);
            ReadOnlySpan<float> values = _values.AsSpan(start, count);
            GroupFit fit = Fit(values, stored);
            fit.Encode(values, type, _codes.AsSpan(start, count));
            scales[group] = fit.Scale * unit;
            if (!type.IsSymmetric) minima[group] = fit.Minimum * unit;
        }
        CodeOrder.Pack(_codes, type.Bits, _groupSize, weight.Codes.Row<byte>(output));
        return true;
    }

    // Here and not by torch for many rows at once: what that allocates between weights that stay leaves the heap full of holes.
    private void Read(void* row, ScalarType dtype)
    {
        fixed (float* values = _values) FloatConversion.RunHere((byte*)row, dtype, (byte*)values, ScalarType.Float32, inputs);
    }

    private GroupFit Fit(ReadOnlySpan<float> values, ShortScale? stored)
    {
        float low = values[0], high = values[0];
        foreach (float value in values) (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
        if (type.IsSymmetric) return MathF.Max(high, -low) < Negligible ? default : SymmetricSearch.Run(values, high > -low ? high : low, type, stored);
        return high - low < Negligible ? new GroupFit(0, -low) : MinimumSearch.Run(values, low, high, type);
    }
}
