using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Kernels;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>Products on the emulated device against sums in double precision of what the weights stand for.</summary>
[HoldsTensors]
public sealed class CudaLinearTests
{
    /// <summary>Bits of an element, inputs of a group (null: the row), whether there are minima.</summary>
    public static TheoryData<int, int?, bool> Forms
    {
        get
        {
            TheoryData<int, int?, bool> forms = new() { { 32, null, false }, { 16, null, false } };
            foreach (int bits in new[] { 8, 4 })
                foreach (int? group in new int?[] { 16, 32, 64, 128, 256, null })
                    foreach (bool hasMinima in new[] { false, true }) forms.Add(bits, group, hasMinima);
            return forms;
        }
    }

    [CudaEmulatorTheory]
    [MemberData(nameof(Forms))]
    public void Linear_AnyShape_EqualsSums(int bits, int? group, bool hasMinima)
    {
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        foreach ((int rows, int inputs, int outputs) in new[] { (1, 8, 1), (1, 72, 33), (2, 520, 40), (3, 264, 8), (4, 1288, 64), (7, 96, 17), (8, 328, 19), (33, 1032, 15), (64, 200, 140), (70, 648, 30) })
        {
            using Operand weight = new(device, linear, outputs, inputs, bits, group, hasMinima, seed: rows);
            float[] x = DeviceMatrix.Random(rows * inputs, weight.InputDtype, seed: rows + 1), residual = DeviceMatrix.Random(rows * outputs, ScalarType.Float32, seed: 5);
            Matrix input = device.Matrix(x, inputs, weight.InputDtype), stored = device.Matrix(new float[rows * outputs], outputs, weight.InputDtype), added = device.Matrix(residual, outputs, ScalarType.Float32);
            linear.Linear(input, [new(weight.OnDevice, stored)]);
            linear.LinearAdd(input, weight.OnDevice, added);
            weight.AssertProduct(x, new float[rows * outputs], device.Read(stored), isRounded: bits != 32);
            weight.AssertProduct(x, residual, device.Read(added), isRounded: false);
        }
    }

    [CudaEmulatorTheory]
    [InlineData(16, null, false)]
    [InlineData(32, null, false)]
    [InlineData(8, null, false)]
    [InlineData(4, 64, true)]
    public void Linear_SeveralProjections_EachEqualsItsSums(int bits, int? group, bool hasMinima)
    {
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        foreach (int rows in new[] { 1, 12, 27, 65 })
        {
            int inputs = 256;
            using Operand a = new(device, linear, 90, inputs, bits, group, hasMinima, seed: 1), b = new(device, linear, 16, inputs, bits, group, hasMinima, seed: 2), c = new(device, linear, 33, inputs, bits, group, hasMinima, seed: 3);
            float[] x = DeviceMatrix.Random(rows * inputs, a.InputDtype, seed: 4);
            Matrix input = device.Matrix(x, inputs, a.InputDtype);
            Operand[] weights = [a, b, c, a]; // one more than a launch takes
            Projection[] projections = [.. weights.Select(weight => new Projection(weight.OnDevice, device.Matrix(new float[rows * weight.Outputs], weight.Outputs, ScalarType.Float32)))];
            linear.Linear(input, projections);
            for (int i = 0; i < weights.Length; i++) weights[i].AssertProduct(x, new float[rows * weights[i].Outputs], device.Read(projections[i].Output), isRounded: false);
        }
    }

    [CudaEmulatorTheory]
    [InlineData(32, null, false)]
    [InlineData(16, null, false)]
    [InlineData(8, null, false)]
    [InlineData(8, 16, false)]
    [InlineData(4, 64, false)]
    [InlineData(4, 32, true)]
    public void Linear_Deterministic_RowIsBitwiseTheSameInAnyBatch(int bits, int? group, bool hasMinima)
    {
        const int inputs = 1032, outputs = 40, most = 300;
        using Device device = new();
        using CudaLinear linear = new(device.Stream, device.Products, deterministic: true);
        using Operand weight = new(device, linear, outputs, inputs, bits, group, hasMinima, seed: 1);
        float[] x = DeviceMatrix.Random(most * inputs, weight.InputDtype, seed: 2), all = Product(most);
        foreach (int rows in new[] { 1, 2, 7, 8, 9, 16, 17, 31, 33, 64, 65, 130, 257 })
            Assert.True(Product(rows).AsSpan().SequenceEqual(all.AsSpan(0, rows * outputs)), $"{rows} rows");

        float[] Product(int rows)
        {
            Matrix output = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
            linear.Linear(device.Matrix(x[..(rows * inputs)], inputs, weight.InputDtype), [new(weight.OnDevice, output)]);
            return device.Read(output);
        }
    }

    [CudaEmulatorTheory]
    [InlineData(32, null, false)]
    [InlineData(16, null, false)]
    [InlineData(8, 16, true)]
    [InlineData(8, null, false)]
    [InlineData(4, 64, true)]
    public void Linear_ManyRows_GoThroughLargeProducts(int bits, int? group, bool hasMinima)
    {
        const int rows = 260, inputs = 72, outputs = 50;
        using Device device = new();
        CountedProducts products = new(device.Products);
        using CudaLinear linear = new(device.Stream, products, deterministic: false);
        using Operand weight = new(device, linear, outputs, inputs, bits, group, hasMinima, seed: 1);
        float[] x = DeviceMatrix.Random(rows * inputs, weight.InputDtype, seed: 2), residual = DeviceMatrix.Random(rows * outputs, ScalarType.Float32, seed: 3);
        Matrix output = device.Matrix(residual, outputs, ScalarType.Float32);
        linear.LinearAdd(device.Matrix(x, inputs, weight.InputDtype), weight.OnDevice, output);
        Assert.Equal(1, products.Count);
        weight.AssertProduct(x, residual, device.Read(output), isRounded: false, tolerance: bits < 16 ? 4e-3 : 1e-5); // weights were rounded to bfloat16
    }

    [CudaEmulatorTheory]
    [InlineData(8, null, 1)]
    [InlineData(8, 32, 2)]
    [InlineData(4, 64, 1)]
    [InlineData(4, 32, 2)]
    public void Linear_InputsOfAnyMagnitude_LoseNothingThatCounts(int bits, int? group, int rows)
    {
        const int inputs = 1024, outputs = 33;
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, outputs, inputs, bits, group, hasMinima: false, seed: 1);
        foreach (int exponent in new[] { -110, -60, 0, 60, 110 })
        {
            float[] x = DeviceMatrix.Random(rows * inputs, weight.InputDtype, seed: 2);
            for (int i = 0; i < x.Length; i++)
            {
                int own = i < inputs ? exponent : 0; // rows of another size, and spans, with nothing in places
                x[i] = i % 256 < 128 ? MathF.ScaleB(x[i], own) : i % 7 == 0 ? 0 : MathF.ScaleB(x[i], own - 10);
            }
            Matrix output = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
            linear.Linear(device.Matrix(x, inputs, weight.InputDtype), [new(weight.OnDevice, output)]);
            weight.AssertProduct(x, new float[rows * outputs], device.Read(output), isRounded: false);
        }
    }

    // The digits of -4161664 are -63, -128 and -128, those of 4161407 are 63, 127 and 127; 4194303.75 is rounded to 2^22. With codes at either end sums are as large as they can be.
    [CudaEmulatorTheory]
    [InlineData(8, 32)]
    [InlineData(8, 64)]
    [InlineData(4, 32)]
    [InlineData(4, 64)]
    public void NormLinear_ExtremeDigitsAndCodes_AreExact(int bits, int group)
    {
        const int inputs = 328, outputs = 40;
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        QuantizedWeight onHost = RandomCodes.Weight(outputs, inputs, bits, group, hasMinima: false, seed: 1);
        using (Tensor least = onHost.Codes.Tensor[TensorIndex.Slice(step: 3)], most = onHost.Codes.Tensor[TensorIndex.Slice(1, step: 3)]) (_, _) = (least.fill_(0), most.fill_(255));
        onHost.Scales.Tensor.fill_(0.25f);
        using Operand weight = new(device, linear, onHost, onHost);
        foreach ((float first, float second) in new[] { (-4161664, -4161664), (4161407, 4161407), (4194303.75f, -4194303.75f), (-4161664, 4161407) })
        {
            float[] x = [.. Enumerable.Range(0, 2 * inputs).Select(i => i < inputs ? first : second)];
            Matrix output = device.Matrix(new float[2 * outputs], outputs, ScalarType.Float32), ones = device.Matrix([.. Enumerable.Repeat(1f, inputs)], inputs, ScalarType.Float32);
            linear.NormLinear(device.Matrix(x, inputs, ScalarType.Float32), ones, epsilon: 0, [new(weight.OnDevice, output)]);
            weight.AssertProduct([.. x.Select(value => (float)Math.Sign(value))], new float[2 * outputs], device.Read(output), isRounded: false, tolerance: 5e-7);
        }
    }

    // With all memory that a block can have, a kernel that used more would use what is not there.
    [CudaEmulatorTheory]
    [InlineData(16, 64, false, 1)]
    [InlineData(16, 64, false, 3)]
    [InlineData(8, 64, false, 1)]
    [InlineData(8, 32, false, 2)]
    [InlineData(8, 16, true, 2)]
    [InlineData(4, 32, false, 1)]
    [InlineData(4, 64, false, 2)]
    [InlineData(4, 64, true, 7)]
    public void NormLinear_SharedMemoryOfItsFormAndNoMore_IsEnough(int bits, int group, bool hasMinima, int rows)
    {
        const int inputs = 1032, outputs = 33;
        float[] residual = DeviceMatrix.Random(rows * inputs, ScalarType.Float32, seed: 3), norm = DeviceMatrix.Random(inputs, ScalarType.Float32, seed: 4);
        CudaLinearFormat format = new(bits, hasMinima, bits == 16 ? 32 : group);
        int size = CudaFewRowsForm.ItemOutputs(format), most = (outputs + size - 1) / size * size; // of the one block
        foreach (CudaFewRowsForm form in CudaFewRowsForm.All(format, EmulatedDriver.MostSharedBytes).Where(form => form.Rows >= rows && form.Rows < 2 * rows))
        {
            int bytes = form.SharedBytes(rows, inputs, hasNorm: true, most) + form.StaticBytes;
            Assert.Equal(form, CudaFewRowsForm.For(format, rows, inputs, hasNorm: true, most, bytes));
            using Device device = new(multiprocessors: 1, sharedBytes: bytes);
            using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
            using Operand weight = new(device, linear, outputs, inputs, bits, group, hasMinima, seed: 1);
            Matrix input = device.Matrix(residual, inputs, ScalarType.Float32), weights = device.Matrix(norm, inputs, ScalarType.Float32), output = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
            linear.NormLinear(input, weights, epsilon: 0, [new(weight.OnDevice, output)]);
            weight.AssertProduct(Normalised(residual, norm, epsilon: 0), new float[rows * outputs], device.Read(output), isRounded: false, ToleranceOf(form));
        }
    }

    [CudaEmulatorTheory]
    [InlineData(8, float.NaN)]
    [InlineData(8, float.PositiveInfinity)]
    [InlineData(4, float.NaN)]
    [InlineData(4, float.NegativeInfinity)]
    public void Linear_InputThatIsNoNumber_SpoilsItsRowAlone(int bits, float value)
    {
        const int rows = 2, inputs = 264, outputs = 20;
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, outputs, inputs, bits, group: null, hasMinima: false, seed: 1);
        float[] x = DeviceMatrix.Random(rows * inputs, weight.InputDtype, seed: 2);
        x[inputs + 200] = value;
        Matrix output = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
        linear.Linear(device.Matrix(x, inputs, weight.InputDtype), [new(weight.OnDevice, output)]);
        float[] results = device.Read(output);
        Assert.All(results[..outputs], result => Assert.True(float.IsFinite(result)));
        Assert.All(results[outputs..], result => Assert.False(float.IsFinite(result)));
    }

    [CudaEmulatorTheory]
    [InlineData(16, 1, 8, 3)]
    [InlineData(16, 1, 264, 33)]
    [InlineData(16, 2, 1288, 40)]
    [InlineData(16, 3, 520, 64)]
    [InlineData(16, 4, 2312, 17)]
    [InlineData(16, 1, 1032, 300)] // so many outputs for two multiprocessors that warps make several at a time
    [InlineData(16, 3, 72, 300)]
    [InlineData(4, 3, 520, 130, true)]
    [InlineData(8, 1, 264, 33)]
    [InlineData(8, 2, 2056, 100)]
    [InlineData(8, 3, 1288, 40)]
    [InlineData(8, 8, 520, 17)]
    [InlineData(4, 1, 264, 33)]
    [InlineData(4, 1, 264, 33, true)]
    [InlineData(4, 2, 2056, 100)]
    [InlineData(4, 2, 2056, 100, true)]
    [InlineData(4, 5, 520, 40, true)]
    [InlineData(4, 8, 72, 17, true)]
    public void NormLinear_FewRows_EqualsSumsOfWhatIsNormalised(int bits, int rows, int inputs, int outputs, bool hasMinima = false)
    {
        const float epsilon = 1e-3f;
        using Device device = new(multiprocessors: 2);
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, outputs, inputs, bits, group: 64, hasMinima, seed: 1), other = new(device, linear, outputs / 2, inputs, bits, group: 64, hasMinima, seed: 2);
        linear.Prepare(weight.OnDevice);
        device.Stream.FinishLoading();
        float[] residual = DeviceMatrix.Random(rows * inputs, ScalarType.Float32, seed: 3), norm = DeviceMatrix.Random(inputs, ScalarType.Float32, seed: 4);
        Matrix product = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32), second = device.Matrix(new float[rows * other.Outputs], other.Outputs, ScalarType.Float32);
        Projection[] projections = [new(weight.OnDevice, product), new(other.OnDevice, second)];
        Assert.True(linear.HasNorm(rows, projections));
        Matrix input = device.Matrix(residual, inputs, ScalarType.Float32), weights = device.Matrix(norm, inputs, ScalarType.Float32);

        device.Driver.BeginCapture(device.Stream.Handle, overlaps: true); // whoever reads what kernels write must have waited for them
        linear.NormLinear(input, weights, epsilon, projections);
        nint graph = device.Driver.EndCapture(device.Stream.Handle);
        device.Driver.LaunchGraph(graph, device.Stream.Handle);
        device.Driver.DestroyGraph(graph);

        float[] values = Normalised(residual, norm, epsilon);
        double tolerance = ToleranceOf(CudaFewRowsForm.For(CudaLinearFormat.Of(weight.OnDevice), rows, inputs, hasNorm: true, outputs, EmulatedDriver.MostSharedBytes)!.Value);
        weight.AssertProduct(values, new float[rows * outputs], device.Read(product), isRounded: false, tolerance);
        other.AssertProduct(values, new float[rows * other.Outputs], device.Read(second), isRounded: false, tolerance);
    }

    [CudaEmulatorTheory]
    [InlineData(16, 1, 264)]
    [InlineData(16, 3, 72)]
    [InlineData(16, 4, 1032)]
    [InlineData(8, 1, 520)]
    [InlineData(8, 7, 2056)]
    [InlineData(4, 1, 1032)]
    [InlineData(4, 3, 72)]
    public void NormGated_FewRows_EqualsGatedSums(int bits, int rows, int inputs)
    {
        const int outputs = 300;
        using Device device = new(multiprocessors: 2);
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand gate = new(device, linear, outputs, inputs, bits, 64, hasMinima: bits == 4, seed: 1), up = new(device, linear, outputs, inputs, bits, 64, hasMinima: bits == 4, seed: 2);
        linear.Prepare(gate.OnDevice);
        device.Stream.FinishLoading();
        float[] residual = DeviceMatrix.Random(rows * inputs, ScalarType.Float32, seed: 3), ones = [.. Enumerable.Repeat(1f, inputs)];
        Matrix input = device.Matrix(residual, inputs, ScalarType.Float32), norm = device.Matrix(ones, inputs, ScalarType.Float32);
        Matrix gated = device.Shape(rows, outputs), plainGate = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32), plainUp = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
        Projection first = new(gate.OnDevice, gated), second = new(up.OnDevice, device.Shape(rows, outputs));
        Assert.True(linear.HasNorm(rows, [first, second]) && linear.HasGate(rows, first, second));
        linear.NormGated(input, norm, 1e-5f, first, second);
        linear.NormLinear(input, norm, 1e-5f, [new(gate.OnDevice, plainGate), new(up.OnDevice, plainUp)]);
        float[] actual = device.Read(gated), expected = [.. device.Read(plainGate).Zip(device.Read(plainUp), (x, y) => x / (1 + MathF.Exp(-x)) * y)];
        float most = expected.Max(MathF.Abs);
        for (int i = 0; i < actual.Length; i++) Assert.True(Math.Abs(actual[i] - expected[i]) <= 4e-3f * most, $"{i}: {actual[i]}, not {expected[i]}");
    }

    [CudaEmulatorTheory]
    [InlineData(16, 1, 128, 3, 1)]
    [InlineData(16, 2, 32, 2, 2)]
    [InlineData(16, 3, 80, 1, 3)]
    [InlineData(16, 4, 16, 5, 1)]
    [InlineData(8, 1, 128, 2, 2)]
    [InlineData(8, 8, 32, 1, 4)]
    [InlineData(4, 1, 64, 3, 1)]
    [InlineData(4, 3, 96, 2, 2)]
    public void NormRotated_FewRows_EqualsProductsThatAreRotatedAndStored(int bits, int rows, int headDim, int kvHeads, int groupSize)
    {
        const int inputs = 264, blocks = 5;
        AttentionShape shape = new(kvHeads * groupSize, kvHeads, headDim, BlockSize: 8);
        using Device device = new(multiprocessors: 2);
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        CudaCache cache = new(device.Stream, new CudaAttentionForm(shape, ScalarType.BFloat16, ScalarType.BFloat16));
        using CudaMemory memory = new(device.Stream);
        using RopeTable rope = new(new RopeFrequencies([.. Enumerable.Range(0, headDim / 2).Select(i => MathF.Pow(10000, -2f * i / headDim))], 1.1f), positionCount: 60, memory);
        using Operand query = Make(shape.HeadCount, 1), key = Make(kvHeads, 2), value = Make(kvHeads, 3);
        linear.Prepare(query.OnDevice);
        device.Stream.FinishLoading();
        ForwardBatch batch = new(rows, 1, 1) { TokenCount = rows };
        for (int t = 0; t < rows; t++) (batch.Positions[t], batch.Slots[t]) = (7 * t + 3, t == 2 ? -1 : 5 * t + 1); // one that is written nowhere
        CudaBatch arrays = device.Upload(batch, padding: 0);
        Matrix input = device.Matrix(DeviceMatrix.Random(rows * inputs, ScalarType.Float32, seed: 4), inputs, ScalarType.Float32), norm = device.Matrix(DeviceMatrix.Random(inputs, ScalarType.Float32, seed: 5), inputs, ScalarType.Float32);
        (Matrix Queries, KvLayer Cache) expected = Empty(), actual = Empty();
        Projection[] plain = [new(query.OnDevice, expected.Queries), new(key.OnDevice, device.Shape(rows, key.Outputs)), new(value.OnDevice, device.Shape(rows, value.Outputs))];
        linear.NormLinear(input, norm, 1e-5f, plain);
        cache.RotateAndStore(plain[0].Output, plain[1].Output, plain[2].Output, rope, arrays, expected.Cache);

        Projection[] projections = [new(query.OnDevice, actual.Queries), new(key.OnDevice, actual.Cache.Keys), new(value.OnDevice, actual.Cache.Values)];
        Assert.True(linear.HasNorm(rows, projections) && linear.HasRotation(rows, projections, headDim));
        device.Driver.BeginCapture(device.Stream.Handle, overlaps: true); // whoever reads what kernels write must have waited for them
        linear.NormRotated(input, norm, 1e-5f, projections, new CudaRotation(rope, arrays, shape));
        nint graph = device.Driver.EndCapture(device.Stream.Handle);
        device.Driver.LaunchGraph(graph, device.Stream.Handle);
        device.Driver.DestroyGraph(graph);
        foreach ((Matrix one, Matrix other) in new[] { (expected.Queries, actual.Queries), (expected.Cache.Keys, actual.Cache.Keys), (expected.Cache.Values, actual.Cache.Values) })
        {
            float[] wanted = device.Read(one), got = device.Read(other);
            float most = wanted.Max(MathF.Abs);
            Assert.True(most > 0);
            for (int i = 0; i < got.Length; i++) Assert.True(Math.Abs(got[i] - wanted[i]) <= most / 128, $"{i}: {got[i]}, not {wanted[i]}"); // those are rounded once more
        }

        Operand Make(int heads, int seed) => new(device, linear, heads * headDim, inputs, bits, 64, hasMinima: false, seed);

        (Matrix, KvLayer) Empty() => (device.Shape(rows, query.Outputs), new KvLayer(Zeros(), Zeros(), null, null));

        Matrix Zeros() => device.Matrix(new float[blocks * kvHeads * 8 * headDim], kvHeads * 8 * headDim, ScalarType.BFloat16);
    }

    [CudaEmulatorTheory]
    [InlineData(16, 36)]
    [InlineData(8, 48)] // halves of heads that tiles of 16 outputs reach over
    public void HasRotation_HalvesThatAreNoWholeItems_IsNotSo(int bits, int headDim)
    {
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, headDim, 16, bits, null, hasMinima: false, seed: 1);
        Projection projection = new(weight.OnDevice, device.Shape(1, headDim));
        Assert.Equal(bits == 16, linear.HasRotation(1, [projection, projection, projection], headDim));
    }

    [CudaEmulatorTheory]
    [InlineData(32, 1, false)]
    [InlineData(16, 1, true)]
    [InlineData(16, 5, false)]
    [InlineData(8, 9, false)]
    public void HasNorm_OtherTypesMoreRowsOrDeterministic_IsNotSo(int bits, int rows, bool deterministic)
    {
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic);
        using Operand weight = new(device, linear, 8, 16, bits, null, hasMinima: false, seed: 1);
        Assert.False(linear.HasNorm(rows, [new(weight.OnDevice, device.Matrix(new float[rows * 8], 8, ScalarType.Float32))]));
    }

    [CudaEmulatorFact]
    public void Linear_Recorded_ReplaysOnWhatTheInputHoldsThen()
    {
        const int rows = 3, inputs = 2056, outputs = 33; // blocks share the inputs, and count each other
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, outputs, inputs, 8, 64, hasMinima: false, seed: 1);
        linear.Prepare(weight.OnDevice);
        device.Stream.FinishLoading();
        Matrix input = device.Matrix(new float[rows * inputs], inputs, ScalarType.BFloat16), output = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
        device.Stream.FinishLoading();
        device.Driver.BeginCapture(device.Stream.Handle);
        linear.Linear(input, [new(weight.OnDevice, output)]);
        nint graph = device.Driver.EndCapture(device.Stream.Handle);
        for (int seed = 1; seed <= 3; seed++)
        {
            float[] x = DeviceMatrix.Random(rows * inputs, ScalarType.BFloat16, seed);
            device.Write(input, x);
            device.Driver.LaunchGraph(graph, device.Stream.Handle);
            weight.AssertProduct(x, new float[rows * outputs], device.Read(output), isRounded: false);
        }
        device.Driver.DestroyGraph(graph);
    }

    [CudaEmulatorFact]
    public void Calibrate_MeasuresAndPreparesAll()
    {
        using Device device = new();
        CountedProducts products = new(device.Products);
        using CudaLinear linear = new(device.Stream, products, deterministic: false);
        using LlamaWeights weights = new(new Source(device, linear));
        linear.Calibrate(weights);
        Assert.True(products.Count > 0);
        Assert.Matches("cuBLAS", linear.Describe(weights));
        Matrix input = device.Shape(1024, 16), queries = device.Shape(1024, 16), logits = device.Shape(1024, 5);
        device.Stream.FinishLoading();
        device.Driver.BeginCapture(device.Stream.Handle); // in which nothing can be compiled or allocated
        foreach (int rows in new[] { 1, 9, 17, 33, 1024 })
            linear.Linear(input.Take(rows), [new(weights.Layers[0].Attention.Query, queries.Take(rows)), new(weights.Head!, logits.Take(rows))]);
        device.Driver.DestroyGraph(device.Driver.EndCapture(device.Stream.Handle));
    }

    // Without minima the device has scales in float16.
    [CudaEmulatorTheory]
    [InlineData(4, 0.1f)]
    [InlineData(8, -1 / 3f)]
    [InlineData(4, 2e-5f)] // below the normal ones, 6e-5
    [InlineData(8, -1.5e-7f)] // of which there are two bits left
    [InlineData(4, 1e6f)] // beyond the largest, 65504
    public void Linear_ScaleThatIsNoFloat16_IsTheNearest(int bits, float scale)
    {
        const int inputs = 200, outputs = 20;
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using QuantizedWeight nearest = OfScale((float)(Half)Math.Clamp(scale, -65504, 65504));
        using Operand weight = new(device, linear, OfScale(scale), nearest);
        foreach (int rows in new[] { 1, 9 })
        {
            float[] x = DeviceMatrix.Random(rows * inputs, ScalarType.BFloat16, seed: rows);
            Matrix output = device.Matrix(new float[rows * outputs], outputs, ScalarType.Float32);
            linear.Linear(device.Matrix(x, inputs, ScalarType.BFloat16), [new(weight.OnDevice, output)]);
            weight.AssertProduct(x, new float[rows * outputs], device.Read(output), isRounded: false);
        }

        QuantizedWeight OfScale(float value)
        {
            QuantizedWeight codes = RandomCodes.Weight(outputs, inputs, bits, 64, hasMinima: false, seed: 1);
            codes.Scales.Tensor.fill_(value);
            return codes;
        }
    }

    [CudaEmulatorFact]
    public void Pack_AnyScales_AreTheNearestFloat16()
    {
        const int outputs = 1 << 12;
        Random random = new(1);
        float[] scales = [.. Enumerable.Range(0, outputs).Select(i => BitConverter.Int32BitsToSingle(random.Next() | i << 31))];
        for (int i = 0; i < outputs / 2; i++) scales[i] = MathF.ScaleB(1 + random.Next(1 << 12) / 4096f, random.Next(-26, 17)); // many of them halfway between two
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        QuantizedWeight onHost = RandomCodes.Weight(outputs, 16, 8, null, hasMinima: false, seed: 1);
        onHost.Scales.Tensor.copy_(tensor(scales, [outputs, 1]));
        using CudaMemory memory = new(device.Stream) { PackCodes = linear.Pack };
        using CudaQuantizedWeight weight = (CudaQuantizedWeight)memory.Place(onHost);
        Half[] packed = device.Read<Half>(weight.Scales, outputs);
        for (int i = 0; i < outputs; i++)
        {
            Half expected = (Half)(float.IsNaN(scales[i]) ? scales[i] : Math.Clamp(scales[i], -65504, 65504));
            Assert.True(expected.Equals(packed[i]) && Half.IsNegative(expected) == Half.IsNegative(packed[i]), $"{scales[i]:R} became {packed[i]}, not {expected}");
        }
    }

    [CudaEmulatorTheory]
    [InlineData(8, 512, false)]
    [InlineData(8, 32, false)]
    [InlineData(4, 64, false)]
    [InlineData(4, 16, true)]
    public void ByteCount_WithoutPadding_IsWhatIsPlannedWith(int bits, int group, bool hasMinima)
    {
        using Device device = new();
        using CudaQuantizedWeight weight = new(device.Driver, 48, 512, bits, group, hasMinima);
        Assert.Equal(QuantizedWeight.BytesOf(48, 512, bits, group, hasMinima, isHost: false), weight.ByteCount);
    }

    [CudaEmulatorTheory]
    [InlineData(8)]
    [InlineData(48)]
    [InlineData(96)]
    public void Pack_GroupsWithoutKernels_AreRefusedWithTheRemedy(int group)
    {
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        ArgumentException e = Assert.Throws<ArgumentException>(() => new CudaQuantizedWeight(device.Driver, 4, 512, 8, group, hasMinima: false));
        Assert.Contains($"groups of {group} codes; use Model:Device=cpu", e.Message, StringComparison.Ordinal);
    }

    [CudaEmulatorFact]
    public void Linear_ActivationsOfAnotherType_AreRefused()
    {
        using Device device = new();
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, 8, 16, 16, null, hasMinima: false, seed: 1);
        Matrix input = device.Matrix(new float[16], 16, ScalarType.Float32), output = device.Matrix(new float[8], 8, ScalarType.Float32);
        Assert.Throws<ArgumentException>(() => linear.Linear(input, [new(weight.OnDevice, output)]));
    }

    private static float[] Normalised(float[] residual, float[] norm, float epsilon) =>
        [.. residual.Chunk(norm.Length).SelectMany(row => row.Select((x, i) => (float)(x / Math.Sqrt(row.Average(y => (double)y * y) + epsilon) * norm[i])))];

    // Of products whose input is normalised, which is rounded to bfloat16 where it is not in digits.
    private static double ToleranceOf(CudaFewRowsForm form) => form.HasDigits ? 1e-5 : 4e-3;

    private sealed class CountedProducts(ICudaProducts products) : ICudaProducts
    {
        public int Count { get; private set; }

        public void Multiply(nint input, nint weight, nint output, int rows, int outputs, int inputs, int outputStride, ScalarType dtype, ScalarType outputDtype, float beta)
        {
            Count++;
            products.Multiply(input, weight, output, rows, outputs, inputs, outputStride, dtype, outputDtype, beta);
        }

        public void Dispose() { }
    }

    /// <summary>A model of one layer of 16, whose layers are in codes.</summary>
    private sealed class Source(Device device, CudaLinear linear) : IWeightSource
    {
        public LlamaConfig Config { get; } = new() { HiddenSize = 16, IntermediateSize = 16, LayerCount = 1, HeadCount = 1, KvHeadCount = 1, HeadDim = 16, VocabSize = 5 };

        public Matrix Norm(string name) => device.Matrix(new float[16], 16, ScalarType.Float32);

        public Weight Weight(string name) => name.Contains("layers", StringComparison.Ordinal)
            ? new Operand(device, linear, 16, 16, 8, null, hasMinima: false, seed: 1).OnDevice
            : new Operand(device, linear, 5, 16, 16, null, hasMinima: false, seed: 1).OnDevice;

        public long? CodeBytes(string name, bool isHost) => null;

        public void Dispose() { }
    }

    /// <summary>A random weight on the device, and what it stands for.</summary>
    private sealed class Operand : IDisposable
    {
        private readonly float[] _values; // [outputs, inputs]

        public Operand(Device device, CudaLinear linear, int outputs, int inputs, int bits, int? group, bool hasMinima, int seed)
        {
            (Outputs, Inputs, InputDtype) = (outputs, inputs, bits == 32 ? ScalarType.Float32 : ScalarType.BFloat16);
            if (bits >= 16)
            {
                _values = DeviceMatrix.Random(outputs * inputs, InputDtype, seed);
                OnDevice = new DenseWeight(device.Matrix(_values, inputs, InputDtype));
                return;
            }
            QuantizedWeight onHost = RandomCodes.Weight(outputs, inputs, bits, group, hasMinima, seed);
            _values = ValuesOf(onHost);
            OnDevice = Place(device, linear, onHost);
        }

        /// <summary>Codes, which are taken over, and what they are to stand for.</summary>
        public Operand(Device device, CudaLinear linear, QuantizedWeight onHost, QuantizedWeight meant)
        {
            (Outputs, Inputs, InputDtype) = (onHost.Outputs, onHost.Inputs, ScalarType.BFloat16);
            _values = ValuesOf(meant);
            OnDevice = Place(device, linear, onHost);
        }

        public int Outputs { get; }

        public int Inputs { get; }

        public ScalarType InputDtype { get; }

        public Weight OnDevice { get; }

        /// <summary>actual = before + x · weightᵀ, to within a part of the sum of all magnitudes.</summary>
        public void AssertProduct(float[] x, float[] before, float[] actual, bool isRounded, double tolerance = 1e-5)
        {
            for (int row = 0; row < actual.Length / Outputs; row++)
                for (int o = 0; o < Outputs; o++)
                {
                    double sum = before[row * Outputs + o], magnitude = Math.Abs(sum);
                    for (int i = 0; i < Inputs; i++)
                    {
                        double product = (double)x[row * Inputs + i] * _values[o * Inputs + i];
                        (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
                    }
                    double allowed = tolerance * magnitude + (isRounded ? Math.Abs(sum) / 256 : 0), difference = Math.Abs(sum - actual[row * Outputs + o]);
                    Assert.True(difference <= allowed, $"[{actual.Length / Outputs}, {Inputs}] × [{Outputs}, {Inputs}]ᵀ: row {row}, output {o} is {actual[row * Outputs + o]}, not {sum}");
                }
        }

        public void Dispose() => OnDevice.Dispose();

        private static float[] ValuesOf(QuantizedWeight codes)
        {
            using Tensor widened = codes.Widen();
            return widened.data<float>().ToArray();
        }

        private static Weight Place(Device device, CudaLinear linear, QuantizedWeight onHost)
        {
            using CudaMemory memory = new(device.Stream) { PackCodes = linear.Pack };
            return memory.Place(onHost);
        }
    }
}
