using System.Runtime.Intrinsics;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Finds a form that holds a weight in few bytes, by looking at all of its codes and scales: what a file had in 6 bits, or as multiples of a step, comes as codes of 8 bits and scales in float32, and is found again here,
/// wherever it comes from. Nothing is rounded.
/// </summary>
/// <param name="weight">On the host.</param>
internal sealed unsafe class CodeSurvey(QuantizedWeight weight)
{
    private const long WeightsPerThread = 256 << 10;
    private const int StepGroup = 32; // longer groups would save less than their steps take

    private volatile bool _fails;

    private delegate bool RowCheck(long row);

    /// <summary>The form, and, where scales are multiples of steps, these: [outputs, steps] float32, with minima [outputs, steps · 2], a step of each in turn. The caller disposes them.</summary>
    public (CodeUnit Form, Matrix? Steps) Find()
    {
        CodeUnit plain = CodeUnit.Of(weight);
        if (plain.IsByRow) return (plain, null);
        Matrix? steps = FindSteps();
        (int bits, bool hasTable) = FindBits();
        CodeUnit form = plain.Narrowed(new PackedValues(bits, steps is not null ? ScaleForm.Steps : AreScalesHalves() ? ScaleForm.Half : ScaleForm.Single, hasTable));
        return (form, steps);
    }

    /// <summary>Whether a row's scales and minima are float16 without being rounded.</summary>
    public static bool AreScalesHalves(QuantizedWeight weight, long row)
    {
        for (long group = row * weight.GroupCount, end = group + weight.GroupCount; group < end; group++)
            if (!IsHalf(weight.Scales.Floats[group]) || weight.Minima is not null && !IsHalf(weight.Minima.Floats[group])) return false;
        return true;
    }

    private (int Bits, bool HasTable) FindBits()
    {
        if (weight.Bits == 8 && All(IsRowInTable)) return (4, true);
        foreach (int bits in weight.Bits == 8 ? (ReadOnlySpan<int>)[5, 6] : [2, 3])
        {
            int least = weight.Minima is null ? weight.ZeroPoint - (1 << (bits - 1)) : 0;
            if (All(row => IsRowWithin(row, (byte)least, (byte)((1 << bits) - 1)))) return (bits, false);
        }
        return (weight.Bits, false);
    }

    private bool All(RowCheck check)
    {
        _fails = false;
        ParallelFor.Each(weight.Outputs, Math.Max(1, WeightsPerThread / weight.Inputs), row =>
        {
            if (!_fails && !check(row)) _fails = true;
        });
        return !_fails;
    }

    private byte* CodesOf(long row) => (byte*)weight.Codes.Data + row * weight.Codes.Columns;

    private bool IsRowInTable(long row)
    {
        for (byte* codes = CodesOf(row), end = CodesOf(row + 1); codes < end; codes += Vector512<byte>.Count)
            if (Vector512.EqualsAny(CodeTable.PlacesOf(Vector512.Load(codes)), Vector512<byte>.AllBitsSet)) return false;
        return true;
    }

    private bool IsRowWithin(long row, byte least, byte span)
    {
        Vector512<byte> largest = Vector512<byte>.Zero, offset = Vector512.Create(least), nibble = Vector512.Create((byte)15);
        for (byte* codes = CodesOf(row), end = CodesOf(row + 1); codes < end; codes += Vector512<byte>.Count)
        {
            Vector512<byte> both = Vector512.Load(codes);
            largest = Vector512.Max(largest, (weight.Bits == 8 ? both : both & nibble) - offset);
            if (weight.Bits == 4) largest = Vector512.Max(largest, ((both.AsUInt16() >>> 4).AsByte() & nibble) - offset);
        }
        return Vector512.LessThanOrEqualAll(largest, Vector512.Create(span));
    }

    private bool AreScalesHalves() => All(row => AreScalesHalves(weight, row));

    private static bool IsHalf(float value) => BitConverter.SingleToInt32Bits((float)(Half)value) == BitConverter.SingleToInt32Bits(value);

    private Matrix? FindSteps()
    {
        if (weight.GroupSize > StepGroup || weight.Inputs % CodeUnit.StepInputs != 0) return null;
        int groups = CodeUnit.StepInputs / weight.GroupSize, count = weight.Inputs / CodeUnit.StepInputs, parts = weight.Minima is null ? 1 : 2;
        Matrix steps = HostMemory.Instance.Empty(weight.Outputs, count * parts, ScalarType.Float32);
        bool all = All(row =>
        {
            for (long i = row * count, end = i + count; i < end; i++)
            {
                if (!TryFindStep(new ReadOnlySpan<float>(weight.Scales.Floats + i * groups, groups), out steps.Floats[i * parts])) return false;
                if (parts > 1 && !TryFindStep(new ReadOnlySpan<float>(weight.Minima!.Floats + i * groups, groups), out steps.Floats[i * parts + 1])) return false;
            }
            return true;
        });
        if (all) return steps;
        steps.Dispose();
        return null;
    }

    /// <summary>The largest number of which all are multiples by a signed byte, if there is any: their greatest common divisor (Euclid's algorithm; all differences are exact in float64).</summary>
    internal static bool TryFindStep(ReadOnlySpan<float> values, out float step)
    {
        double largest = 0, divisor = 0;
        foreach (float value in values) largest = Math.Max(largest, Math.Abs(value)); // what is no number stays the largest
        step = 0;
        if (largest == 0) return true;
        if (!double.IsFinite(largest)) return false;
        foreach (float value in values)
        {
            double rest = divisor == 0 ? 0 : Rest(value, divisor);
            if (divisor == 0) divisor = Math.Abs(value);
            while (rest > 0)
            {
                if (rest * -sbyte.MinValue < largest) return false;
                (divisor, rest) = (rest, Rest(divisor, rest));
            }
        }
        foreach (int sign in (ReadOnlySpan<int>)[1, -1]) // -128 times is in range, 128 times is not
        {
            step = sign * (float)divisor;
            if (AreWithin(values, step)) return true;
        }
        return false;

        static bool AreWithin(ReadOnlySpan<float> values, float step)
        {
            foreach (float value in values)
                if (value / step is < sbyte.MinValue or > sbyte.MaxValue) return false;
            return true;
        }

        static double Rest(double value, double divisor) => Math.Abs(Math.FusedMultiplyAdd(-Math.Round(value / divisor), divisor, value));
    }
}
