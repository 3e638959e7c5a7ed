using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Weights of random codes, scales and minima: any that the layout can hold, not only those that a quantiser would make.</summary>
internal static class RandomCodes
{
    /// <summary>All codes occur; scales are of both signs, and minima, where <paramref name="hasMinima"/>, have nothing to do with them.</summary>
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
        return new QuantizedWeight(inputs, bits, groupSize, Matrix.Of(tensor(codes, [outputs, rowBytes])), Floats(), hasMinima ? Floats() : null);

        Matrix Floats() => Matrix.Of(tensor([.. Enumerable.Range(0, outputs * groups).Select(_ => (float)(random.NextDouble() * 2 - 1) / (1 << bits))], [outputs, groups]));
    }
}
