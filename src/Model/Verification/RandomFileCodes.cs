using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;

namespace Llama.Model.Verification;

/// <summary>Random weights in codes, as reading a GGUF file of some type makes them: of as many bits, and with scales and minima of as many.</summary>
internal static class RandomFileCodes
{
    private const int LeastMultiple = 32, MostMultiple = 64; // of a step

    /// <summary>A weight whose products with activations are of their size.</summary>
    /// <param name="format">Of the file.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Of a row: whole blocks of the file's.</param>
    /// <param name="seed">Chooses the numbers.</param>
    public static QuantizedWeight Make(BlockFormat format, int outputs, int inputs, int seed)
    {
        CodeUnit unit = new(format.Packed.Bits, inputs, format.GroupSize, format.HasMinima, format.Packed.HasTable, format.Packed.Scales);
        QuantizedWeight weight = QuantizedWeight.Allocate(outputs, inputs, format.Bits, format.GroupSize, format.HasMinima);
        Random random = new(seed);
        byte[] codes = new byte[inputs];
        int zeroPoint = 1 << (unit.RowBits - 1), largest = unit.HasTable ? zeroPoint : 1 << (unit.Bits - 1);
        float scale = 2 / MathF.Sqrt(inputs) / largest;
        for (int output = 0; output < outputs; output++)
        {
            foreach (ref byte code in codes.AsSpan()) code = unit.HasTable ? CodeTable.Values[random.Next(1 << unit.Bits)] : (byte)(unit.RowOffset + random.Next(1 << unit.Bits));
            CodeOrder.Pack(codes, weight.Bits, weight.GroupSize, weight.Codes.Row<byte>(output));
            Fill(random, unit, weight.Scales.Row<float>(output), scale);
            if (weight.Minima is not null) Fill(random, unit, weight.Minima.Row<float>(output), scale * largest);
        }
        return weight;
    }

    private static void Fill(Random random, CodeUnit unit, Span<float> values, float size)
    {
        int stepGroups = CodeUnit.StepInputs / unit.GroupSize;
        float step = 0;
        for (int group = 0; group < values.Length; group++)
        {
            if (group % stepGroups == 0) step = Short(size / MostMultiple * (1 + random.NextSingle()) / 2);
            values[group] = unit.Scales == ScaleForm.Steps ? step * random.Next(LeastMultiple, MostMultiple) : Short(size * (1 + random.NextSingle()) / 2);
        }
    }

    private static float Short(float value) => (float)(Half)value;
}
