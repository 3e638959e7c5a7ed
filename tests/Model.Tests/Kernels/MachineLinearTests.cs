using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using static Llama.Model.Tests.Kernels.MachineProducts;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Generated code against the plain kernels, over shapes that fill tiles, leave rests, and are smaller than one; few rows as they are, and many by panels.</summary>
[HoldsTensors]
public sealed class MachineLinearTests
{
    public static TheoryData<int, int, bool> Formats
    {
        get
        {
            TheoryData<int, int, bool> formats = [];
            foreach (int bits in new[] { 8, 4 })
                foreach (int group in new[] { 16, 32, 64, 128, 256, int.MaxValue })
                    foreach (bool hasMinima in new[] { false, true }) formats.Add(bits, group, hasMinima);
            return formats;
        }
    }

    [GeneratedCodeTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bfloat16_AnyShape_EqualsPlain(bool inPanels)
    {
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 1, 1), (1, 7, 3), (2, 16, 16), (3, 40, 9), (5, 100, 33), (6, 64, 64), (7, 256, 688), (13, 33, 48), (24, 1056, 16), (31, 5632, 80), (130, 2048, 176) })
            Check(rows, inputs, new DenseWeight(Matrix.Of(Randoms(2).Next(outputs, inputs).to(ScalarType.BFloat16))), inPanels, Tolerances["bfloat16"]);
    }

    [GeneratedCodeFact]
    public void Packed_AnyShape_EqualsPlain()
    {
        foreach (int rows in new[] { 1, 2, 5, 6, 7, 12, 13, 24, 25, 36, 49, 130 })
            foreach ((int inputs, int outputs) in new[] { (32, 16), (64, 48), (256, 688), (1056, 80), (2048, 176), (5632, 64) })
                Check(rows, inputs, Packed(outputs, inputs), inPanels: false, Tolerances["bfloat16"]);
    }

    [GeneratedCodeFact]
    public void Packed_AgainInRows_IsWhatItWas()
    {
        foreach ((int outputs, int inputs) in new[] { (16, 32), (48, 96), (32, 1120) })
        {
            using DenseWeight weight = new(Matrix.Of(Randoms(2).Next(outputs, inputs).to(ScalarType.BFloat16))), again = new WeightPacker().Pack(weight).ToDense();
            Assert.True(again.Values.Tensor.eq(weight.Values.Tensor).all().item<bool>());
        }
    }

    [GeneratedCodeFact]
    public void Packed_RowInAnyBatch_IsBitwiseTheSame()
    {
        using PackedWeight weight = Packed(176, 4224);
        Matrix input = Matrix.Of(Randoms(1).Next(70, 4224));
        foreach (MachineLinear linear in Machines)
        {
            Matrix all = Matrix.Of(ones(70, 176));
            linear.Run(input, [new(weight, all)], add: true, isMany: false);
            for (int rows = 1; rows < 70; rows += rows < 34 ? 1 : 7)
            {
                Matrix part = Matrix.Of(ones(rows, 176));
                linear.Run(input.Take(rows), [new(weight, part)], add: true, isMany: false);
                AssertSame(all.Take(rows), part, $"{rows} rows");
            }
        }
    }

    [GeneratedCodeFact]
    public void Float32_AnyShape_EqualsPlain()
    {
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 1, 1), (1, 7, 3), (2, 16, 16), (3, 40, 9), (5, 100, 33), (13, 33, 48), (70, 2048, 176) })
            foreach (bool isMany in new[] { false, true }) Check(rows, inputs, new DenseWeight(Matrix.Of(Randoms(2).Next(outputs, inputs))), isMany, Tolerances["float32"]);
    }

    [GeneratedCodeTheory]
    [MemberData(nameof(Formats))]
    public void Codes_AnyShape_EqualPlain(int bits, int groupSize, bool hasMinima)
    {
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 7, 3), (1, 64, 4), (1, 128, 1), (2, 192, 7), (3, 256, 16), (4, 688, 13), (5, 1100, 32), (9, 2048, 20), (17, 1408, 48), (50, 2048, 144) })
        {
            if (groupSize < QuantizedWeight.Chunk && inputs % QuantizedWeight.Chunk != 0) continue; // left to other kernels
            QuantizedWeight weight = RandomCodes(outputs, inputs, bits, groupSize == int.MaxValue ? Math.Max(inputs, QuantizedWeight.Chunk) : groupSize, hasMinima);
            Assert.True(MachineLinear.Supports(weight));
            Check(rows, inputs, weight, inPanels: false, Tolerances["codes"]);
            Check(rows, inputs, weight, inPanels: true, Tolerances["codes in panels"]);
        }
    }

    [GeneratedCodeFact]
    public void FewRows_RandomShapes_EqualPlain()
    {
        Random random = new(7);
        for (int i = 0; i < 60; i++)
        {
            int rows = i % 2 == 0 ? 1 : random.Next(2, 45), inputs = random.Next(1, 40) * QuantizedWeight.Chunk, outputs = random.Next(1, 400); // a single row has a way of its own; up to eleven strips
            int bits = random.Next(3) switch { 0 => 16, 1 => 8, _ => 4 };
            Weight weight = bits == 16
                ? new DenseWeight(Matrix.Of(Randoms(i).Next(outputs, inputs - random.Next(QuantizedWeight.Chunk)).to(ScalarType.BFloat16)))
                : RandomCodes(outputs, inputs, bits, 16 << random.Next(5), random.Next(2) == 0);
            Check(rows, weight.Inputs, weight, inPanels: false, Tolerances[bits == 16 ? "bfloat16" : "codes"]);
        }
    }

    [GeneratedCodeFact]
    public void Projections_OfSeveralFormats_AreEachMultiplied()
    {
        Weight[] weights =
        [
            RandomCodes(48, 256, 8, 256, false), RandomCodes(16, 256, 8, 256, false), RandomCodes(32, 256, 4, 32, true),
            new DenseWeight(Matrix.Of(Randoms(2).Next(20, 256).to(ScalarType.BFloat16))),
        ];
        foreach (int rows in new[] { 1, 3, 40 })
            foreach (bool add in new[] { false, true })
            {
                Matrix input = Matrix.Of(Randoms(1).Next(rows, 256));
                Matrix[] expected = [.. weights.Select(weight => Matrix.Of(ones(rows, weight.Outputs)))], actual = [.. weights.Select(weight => Matrix.Of(ones(rows, weight.Outputs)))];
                PlainKernels plain = new();
                for (int i = 0; i < weights.Length; i++)
                    if (add) plain.LinearAdd(input, weights[i], expected[i]);
                    else plain.Linear(input, [new(weights[i], expected[i])]);
                new SimdProducts<Lanes512, Bf16>(deterministic: false, Machines[^1]).Run(input, [.. weights.Select((weight, i) => new Projection(weight, actual[i]))], add);
                for (int i = 0; i < weights.Length; i++) AssertClose(expected[i], actual[i], Tolerances["codes in panels"], $"projection {i}, {rows} rows");
            }
    }

    [GeneratedCodeTheory]
    [InlineData(32, 0, false)]
    [InlineData(16, 0, false)]
    [InlineData(8, 4096, false)]
    [InlineData(8, 64, true)]
    [InlineData(4, 32, true)]
    [InlineData(4, 128, false)]
    public void RowsThatAReaderBrings_AnyNumberAtOnce_GiveBitwiseWhatThoseInMemoryDo(int bits, int groupSize, bool hasMinima)
    {
        Random random = new(bits);
        for (int i = 0; i < 24; i++)
        {
            int rows = random.Next(3) switch { 0 => 1, 1 => random.Next(2, 13), _ => random.Next(13, 90) }, inputs = random.Next(1, 20) * QuantizedWeight.Chunk;
            bool inPanels = i % 2 == 0, add = random.Next(2) == 0;
            Weight[] weights = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => RandomWeight(inPanels ? 16 * random.Next(1, 30) : random.Next(1, 400)))];
            int most = random.Next(16, 200); // as many of all: their rows are equally long
            using Matrix input = Matrix.Of(Randoms(i).Next(rows, inputs));
            MachineLinear linear = Machines[i / 2 % Machines.Length];
            Matrix[] expected = Multiply(weights);
            CopyingReader[] readers = [.. weights.Select(weight => new CopyingReader(weight, most))];
            Matrix[] actual = Multiply([.. readers.Select(reader => reader.Form)]);
            for (int w = 0; w < weights.Length; w++) AssertSame(expected[w], actual[w], $"{rows} × {inputs}, {weights[w].Outputs} outputs, {most} at once");
            foreach (CopyingReader reader in readers) reader.Dispose();

            Matrix[] Multiply(Weight[] with)
            {
                Matrix[] outputs = [.. with.Select(weight => Matrix.Of(ones(rows, weight.Outputs)))];
                linear.Run(input, [.. with.Zip(outputs, (weight, output) => new Projection(weight, output))], add, inPanels);
                return outputs;
            }

            Weight RandomWeight(int outputs) => bits < 16 ? RandomCodes(outputs, inputs, bits, Math.Min(groupSize, inputs), hasMinima)
                : new DenseWeight(Matrix.Of(Randoms(i).Next(outputs, inputs).to(bits == 16 ? ScalarType.BFloat16 : ScalarType.Float32)));
        }
    }

    [GeneratedCodeTheory]
    [InlineData(32, 0)]
    [InlineData(16, 0)]
    [InlineData(8, 128)]
    [InlineData(4, 32)]
    public void Row_InAnyBatch_IsBitwiseTheSame(int bits, int groupSize)
    {
        Weight weight = bits >= 16 ? new DenseWeight(Matrix.Of(Randoms(2).Next(37, 320).to(bits == 16 ? ScalarType.BFloat16 : ScalarType.Float32))) : RandomCodes(37, 320, bits, groupSize, false);
        MachineLinear linear = new(usesTileRegisters: false);
        Matrix input = Matrix.Of(Randoms(1).Next(70, 320)), all = Matrix.Of(zeros(70, 37));
        linear.Run(input, [new(weight, all)], add: false, isMany: false);
        for (int rows = 1; rows <= 70; rows += 3)
        {
            Matrix part = Matrix.Of(zeros(rows, 37));
            linear.Run(input.Take(rows), [new(weight, part)], add: false, isMany: false);
            AssertSame(all.Take(rows), part, $"{rows} rows");
        }
    }

    [GeneratedCodeFact]
    public void Codes_RowOfZerosOrOfNoNumbers_StaysSo()
    {
        using QuantizedWeight weight = RandomCodes(16, 128, 8, 64, false);
        using PackedCodes packed = new WeightPacker().Pack(weight);
        foreach (Weight form in (Weight[])[weight, packed]) CheckRowsOfZerosOrOfNoNumbers(new MachineLinear(false), form);
    }

    [GeneratedCodeFact(OnTiles = true)]
    public void CodesOnTiles_RowOfZerosOrOfNoNumbers_StaysSo()
    {
        foreach (int groupSize in new[] { 32, 128 })
        {
            using QuantizedWeight weight = RandomCodes(32, 128, 8, groupSize, false);
            using PackedCodes packed = new WeightPacker().Pack(weight);
            CheckRowsOfZerosOrOfNoNumbers(new MachineLinear(true), packed);
        }
    }

    [GeneratedCodeFact(OnTiles = true)]
    public void ThreadThatUsedTileRegisters_StillThrowsWhereThereIsNoObject()
    {
        using PackedWeight weight = Packed(16, 32);
        using Matrix input = Matrix.Of(ones(1, 32)), output = Matrix.Of(ones(1, 16));
        new MachineLinear(true).Run(input, [new(weight, output)], add: false, isMany: false);
        Assert.Throws<NullReferenceException>(() => LengthOf(null!));

        static int LengthOf(string text) => text.Length;
    }

    private static void CheckRowsOfZerosOrOfNoNumbers(MachineLinear linear, Weight weight)
    {
        Tensor rows = Randoms(1).Next(20, weight.Inputs);
        rows[0] = 0;
        rows[1, 5] = float.NaN;
        rows[2, 9] = float.PositiveInfinity;
        using Matrix input = Matrix.Of(rows), output = Matrix.Of(ones(20, weight.Outputs));
        linear.Run(input, [new(weight, output)], add: false, isMany: false);
        Assert.True(output.Tensor[0].eq(0).all().item<bool>());
        Assert.True(output.Tensor.narrow(0, 1, 2).isnan().all().item<bool>());
        Assert.True(output.Tensor.narrow(0, 3, 17).isfinite().all().item<bool>());
    }
}
