using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Plain;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Products by generated code beside those of the plain kernels.</summary>
internal static class MachineProducts
{
    // Rounding of the inputs: half a unit of bfloat16, or of 1/32,512 of a row's largest; and of panels made of codes, bfloat16 once more. Relative to the outputs' size.
    public static readonly Dictionary<string, double> Tolerances = new() { ["float32"] = 1e-6, ["bfloat16"] = 3e-3, ["codes"] = 2e-4, ["codes in panels"] = 5e-3 };

    // On vector registers alone, and on tile registers too where there are any.
    public static MachineLinear[] Machines => MachineCode.HasTileRegisters ? [new(false), new(true)] : [new(false)];

    public static void Check(int rows, int inputs, Weight weight, bool inPanels, double tolerance)
    {
        foreach (MachineLinear machine in Machines)
        {
            using Matrix input = Matrix.Of(Randoms(1).Next(rows, inputs)), expected = Matrix.Of(Randoms(3).Next(rows, weight.Outputs)), actual = Matrix.Of(expected.Tensor.clone());
            PlainKernels plain = new();
            string what = $"{rows} rows, {inputs} → {weight.Outputs}, in panels: {inPanels}";
            plain.Linear(input, [new(weight, expected)]);
            machine.Run(input, [new(weight, actual)], add: false, inPanels);
            AssertClose(expected, actual, tolerance, what);
            plain.LinearAdd(input, weight, expected);
            machine.Run(input, [new(weight, actual)], add: true, inPanels);
            AssertClose(expected, actual, tolerance, what + ", added");
        }
        GC.KeepAlive(weight); // whose memory the last product reads by its address
    }

    public static void AssertClose(Matrix expected, Matrix actual, double tolerance, string what)
    {
        double size = Math.Max(Math.Sqrt(expected.Tensor.data<float>().ToArray().Average(value => (double)value * value)), 1e-3);
        double worst = Tensors.Difference(expected.Tensor, actual.Tensor);
        Assert.True(worst <= 5 * tolerance * size, $"{what}: differs by {worst:E2} where outputs are {size:E2}"); // five times the typical error: thousands are drawn
    }

    public static void AssertSame(Matrix expected, Matrix actual, string what) =>
        Assert.True(expected.Tensor.data<float>().ToArray().SequenceEqual(actual.Tensor.data<float>().ToArray()), what);

    public static void AssertSame(QuantizedWeight weight, PackedCodes packed)
    {
        using QuantizedWeight again = packed.ToRows();
        Assert.True(again.Codes.Tensor.eq(weight.Codes.Tensor).all().item<bool>());
        Assert.True(again.Scales.Tensor.eq(weight.Scales.Tensor).all().item<bool>());
        Assert.True(weight.Minima is null || again.Minima!.Tensor.eq(weight.Minima.Tensor).all().item<bool>());
    }

    public static PackedWeight Packed(int outputs, int inputs)
    {
        using DenseWeight weight = new(Matrix.Of(Randoms(2).Next(outputs, inputs).to(ScalarType.BFloat16)));
        return new WeightPacker().Pack(weight);
    }

    public static QuantizedWeight RandomCodes(int outputs, int inputs, int bits, int groupSize, bool hasMinima)
    {
        RandomTensors random = Randoms(2);
        int groups = (inputs + groupSize - 1) / groupSize;
        return new QuantizedWeight(inputs, bits, groupSize, Matrix.Of(random.Bytes(outputs, QuantizedWeight.RowBytes(inputs, bits))), Matrix.Of(random.Next(outputs, groups).abs().Times(0.01f)),
            hasMinima ? Matrix.Of(random.Next(outputs, groups).Times(bits == 8 ? 1f : 0.08f)) : null);
    }

    public static RandomTensors Randoms(int seed) => new(seed);

    public sealed class RandomTensors(int seed)
    {
        private readonly Random _random = new(seed);

        public Tensor Next(int rows, int columns) => tensor(Enumerable.Range(0, rows * columns).Select(_ => (float)((_random.NextDouble() * 2) - 1)).ToArray(), [rows, columns]);

        public Tensor Bytes(int rows, int columns)
        {
            byte[] bytes = new byte[rows * columns];
            _random.NextBytes(bytes);
            return tensor(bytes, [rows, columns]);
        }
    }
}
