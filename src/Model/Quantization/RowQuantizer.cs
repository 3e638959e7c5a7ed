using Llama.Model.Kernels;

namespace Llama.Model.Quantization;

/// <summary>Quantises one row after another; keeps what memory that takes. For one thread.</summary>
internal sealed class RowQuantizer(int inputs, QuantizationType type)
{
    private const float Negligible = 1e-15f; // beside the row's largest value, whose square is 1 here

    private readonly int _groupSize = type.GroupSizeOf(inputs);
    private readonly float[] _values = new float[inputs];
    private readonly byte[] _codes = new byte[inputs];

    /// <summary>Writes a row's codes, scales and minima; false when it holds a value that is no finite number.</summary>
    /// <param name="row">[inputs]</param>
    /// <param name="weight">Where to.</param>
    /// <param name="output">Which row of it.</param>
    public bool TryQuantize(ReadOnlySpan<float> row, QuantizedWeight weight, int output)
    {
        Span<float> scales = Row<float>(weight.Scales, output), minima = weight.Minima is null ? default : Row<float>(weight.Minima, output);
        float size = 0; // of the largest value: everything is relative to it, so that no square overflows
        foreach (float value in row) size = MathF.Max(size, MathF.Abs(value)); // a NaN stays one
        if (!float.IsFinite(size)) return false;
        for (int i = 0; i < row.Length; i++) _values[i] = size == 0 ? 0 : row[i] / size;
        for (int group = 0; group < scales.Length; group++)
        {
            int start = group * _groupSize, count = Math.Min(_groupSize, row.Length - start);
            ReadOnlySpan<float> values = _values.AsSpan(start, count);
            GroupFit fit = Fit(values);
            fit.Encode(values, type, _codes.AsSpan(start, count));
            scales[group] = fit.Scale * size;
            if (!type.IsSymmetric) minima[group] = fit.Minimum * size;
        }
        CodeOrder.Pack(_codes, type.Bits, _groupSize, Row<byte>(weight.Codes, output));
        return true;
    }

    private static unsafe Span<T> Row<T>(Matrix matrix, int row) where T : unmanaged => new((T*)matrix.Data + (long)row * matrix.Columns, matrix.Columns);

    private GroupFit Fit(ReadOnlySpan<float> values)
    {
        float low = values[0], high = values[0];
        foreach (float value in values) (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
        if (type.IsSymmetric) return MathF.Max(high, -low) < Negligible ? default : SymmetricSearch.Run(values, high > -low ? high : low, type);
        return high - low < Negligible ? new GroupFit(0, -low) : MinimumSearch.Run(values, low, high, type);
    }
}
