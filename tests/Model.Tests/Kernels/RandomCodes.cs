using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Weights of random codes, scales and minima: any that the layout can hold, not only those that a quantiser would make.</summary>
internal static class RandomCodes
{
    /// <summary>
    /// All codes occur; scales are of both signs, and minima, where <paramref name="hasMinima"/>, have nothing to do with them. Where there are none, scales are such as float16 holds, in which a GPU has them: they
    /// stand for the same everywhere.
    /// </summary>
    public static QuantizedWeight Weight(int outputs, int inputs, int bits, int? group, bool hasMinima, int seed)
    {
        Random random = new(seed * 7919 + outputs * 31 + inputs);
        int groupSize = group ?? Math.Max(inputs, QuantizedWeight.Chunk), groups = (inputs + groupSize - 1) / groupSize, rowBytes = QuantizedWeight.RowBytes(inputs, bits);
        byte[] codes = new byte[outputs * rowBytes], row = new byte[inputs];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++) row[i] = (byte)random.Next(1 << bits);
            CodeOrder.Pack(row, bits, groupSize, codes.AsSpan(o * rowBytes, rowBytes));
        }
        return new QuantizedWeight(inputs, bits, groupSize, Matrix.Of(tensor(codes, [outputs, rowBytes])), Floats(isHalf: !hasMinima), hasMinima ? Floats(isHalf: false) : null);

        Matrix Floats(bool isHalf) => Matrix.Of(tensor([.. Enumerable.Range(0, outputs * groups).Select(_ => Float(isHalf))], [outputs, groups]));

        float Float(bool isHalf)
        {
            float value = (float)(random.NextDouble() * 2 - 1) / (1 << bits);
            return isHalf ? (float)(Half)value : value;
        }
    }
}
