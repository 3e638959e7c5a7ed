using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Kernels;
using Llama.Model.Torch;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>Products on the emulated device against sums in double precision of what the weights stand for.</summary>
public sealed class CudaLinearTests
{
    public CudaLinearTests() => TorchLibrary.Load();

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
    [InlineData(16, 1, 8, 3)]
    [InlineData(16, 1, 264, 33)]
    [InlineData(16, 2, 1288, 40)]
    [InlineData(16, 3, 520, 64)]
    [InlineData(16, 4, 2312, 17)]
    [InlineData(16, 1, 1032, 300)] // so many outputs for two multiprocessors that warps make several at a time
    [InlineData(16, 3, 72, 300)]
    [InlineData(4, 3, 520, 130)]
    [InlineData(8, 1, 264, 33)]
    [InlineData(8, 3, 1288, 40)]
    [InlineData(8, 8, 520, 17)]
    [InlineData(4, 1, 264, 33)]
    [InlineData(4, 2, 2056, 100)]
    [InlineData(4, 5, 520, 40)]
    [InlineData(4, 8, 72, 17)]
    public void NormLinear_FewRows_EqualsSumsOfWhatIsNormalised(int bits, int rows, int inputs, int outputs)
    {
        const float epsilon = 1e-3f;
        using Device device = new(multiprocessors: 2);
        using CudaLinear linear = new(device.Stream, products: null, deterministic: false);
        using Operand weight = new(device, linear, outputs, inputs, bits, group: 64, hasMinima: bits == 4, seed: 1), other = new(device, linear, outputs / 2, inputs, bits, group: 64, hasMinima: bits == 4, seed: 2);
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

        float[] values = [.. residual.Select((x, i) => (float)(x / Math.Sqrt(residual.Skip(i / inputs * inputs).Take(inputs).Average(y => (double)y * y) + epsilon) * norm[i % inputs]))];
        weight.AssertProduct(values, new float[rows * outputs], device.Read(product), isRounded: false, tolerance: 4e-3); // what is normalised is rounded to bfloat16
        other.AssertProduct(values, new float[rows * other.Outputs], device.Read(second), isRounded: false, tolerance: 4e-3);
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

        public long? CodeBytes(string name) => null;

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
            using Tensor widened = onHost.Widen();
            _values = widened.data<float>().ToArray();
            using CudaMemory memory = new(device.Stream) { PackCodes = linear.Pack };
            OnDevice = memory.Place(onHost);
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
    }
}
