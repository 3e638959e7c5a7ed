using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Gguf;

[HoldsTensors]
public sealed class GgufConversionTests
{
    [Theory]
    [InlineData(TensorDtype.BF16, "BF16")]
    [InlineData(TensorDtype.BF16, "F32")]
    [InlineData(TensorDtype.F16, "F16")]
    [InlineData(TensorDtype.F16, "F32")]
    [InlineData(TensorDtype.F32, "F32")]
    public void Convert_ThereAndBack_IsBitwiseTheSame(TensorDtype dtype, string type)
    {
        using var folder = new GgufFolder(dtype: dtype);
        using IWeightSource expected = Open(folder.Checkpoint, false), actual = Open(folder.Convert(type), true);
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(expected.Config))
        {
            Assert.Equal(Values(expected, tensor), Values(actual, tensor));
        }
    }

    public static TheoryData<Exception> Failures => [new OutOfMemoryException(), new IOException("No space left on device")];

    /// <summary>Each thread fails; whoever called is told of one, of its own type.</summary>
    [Theory]
    [MemberData(nameof(Failures))]
    public void Write_ThreadsThatFail_ThrowWhatOneOfThemThrew(Exception failure)
    {
        using var folder = new GgufFolder();
        using var conversion = GgufConversion.Prepare(folder.Checkpoint, "F16");

        Assert.Same(failure, Record.Exception(() => conversion.Write(Path.Combine(folder.Checkpoint, "model.gguf"), new Failing(failure), default)));
    }

    private sealed class Failing(Exception failure) : IProgress<double>
    {
        public void Report(double value) => throw failure;
    }

    public static TheoryData<string, RopeScaling?> Scalings => new()
    {
        { "none", null },
        { "linear", new RopeScaling.Linear(4) },
        { "dynamic", new RopeScaling.Dynamic(2, 32) },
        { "llama3", new RopeScaling.Llama3(8, 1, 4, 32) },
        { "yarn", new RopeScaling.Yarn(4, 32) },
        { "yarn, factor given", new RopeScaling.Yarn(4, 32) { AttentionFactor = 1.25, BetaFast = 16 } },
    };

    [Theory]
    [MemberData(nameof(Scalings))]
    public void Convert_AnyScaling_LeavesShapeAndLogProbabilities(string name, RopeScaling? scaling)
    {
        Assert.NotEmpty(name);
        using var folder = new GgufFolder(dtype: TensorDtype.F32, change: config => config with { RopeScaling = scaling, RopeTheta = 5000, TieWordEmbeddings = scaling is null });
        string file = folder.Convert("F32");
        LlamaConfig expected = LlamaConfig.Load(folder.Checkpoint), actual = LlamaConfig.Load(file);
        Assert.Equal(expected with { RopeScaling = null, RmsNormEpsilon = 1 }, actual with { RopeScaling = null, RmsNormEpsilon = 1 });
        Assert.Equal(expected.RmsNormEpsilon, actual.RmsNormEpsilon, 1e-12);

        int[] tokens = [.. Enumerable.Range(0, 90).Select(i => (i * i + 3) % 200)];
        using var plain = new PagedModel(folder.Checkpoint, () => new PlainKernels());
        using var converted = new PagedModel(file, () => new PlainKernels());
        foreach ((float[] one, float[] other) in plain.Run(tokens, 90).Logprobs.Zip(converted.Run(tokens, 90).Logprobs))
            Assert.Equal(one, other, (a, b) => Math.Abs(a - b) < 2e-4);
    }

    [Theory]
    [InlineData(-1f, "-1")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    public void Load_RopeFactorThatDividesNothing_IsShown(float factor, string shown)
    {
        using var folder = new GgufFolder(change: config => config with { RopeScaling = new RopeScaling.Llama3(8, 1, 4, 32) });
        string file = folder.Convert("F32");
        long offset;
        using (GgufFile converted = GgufFile.Open(file)) offset = converted.Tensors.Single(tensor => tensor.Name == GgufNames.RopeFactors).Offset;
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.Position = offset + sizeof(float);
            stream.Write(BitConverter.GetBytes(factor));
        }

        Assert.Contains($"rope_freqs.weight holds {shown}; expected finite numbers above 0", Assert.Throws<CheckpointException>(() => LlamaConfig.Load(file)).Message);
    }

    [Theory]
    [InlineData("Q8_0", 0.01f)]
    [InlineData("Q4_0", 0.15f)]
    public void Convert_Quantised_StaysNearAndKeepsNormsAndOddRows(string type, float near)
    {
        // 96 fills blocks of 32, 80 does not.
        using var folder = new GgufFolder(change: config => config with { IntermediateSize = 80 });
        string file = folder.Convert(type);
        using IWeightSource expected = Open(folder.Checkpoint, false), actual = Open(file, true);
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(expected.Config))
        {
            float[] one = Values(expected, tensor), other = ValuesWidened(file, tensor);
            bool isExact = tensor.Shape.Length == 1 || tensor.Name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            double error = Math.Sqrt(one.Zip(other, (a, b) => (double)(a - b) * (a - b)).Sum() / one.Sum(a => (double)a * a));
            if (isExact) Assert.Equal(0, error);
            else Assert.InRange(error, 1e-4, near);
            if (tensor.Shape.Length == 1) continue;
            using Weight kept = actual.Weight(tensor.Name);
            Assert.Equal(!isExact, kept is QuantizedWeight);
        }
    }

    [Theory]
    [InlineData(true, "token_embd.weight")]
    [InlineData(false, "output.weight")]
    public void Convert_InFourBits_KeepsTheHeadInEight(bool isTied, string head)
    {
        using var folder = new GgufFolder(change: config => config with { TieWordEmbeddings = isTied });
        using GgufFile file = GgufFile.Open(folder.Convert("Q4_0"));
        Assert.Equal([head], file.Tensors.Where(tensor => tensor.Dtype == GgufTensorType.Q8_0.Name).Select(tensor => tensor.Name));
    }

    [Fact]
    public void Prepare_UnknownType_NamesThoseThereAre()
    {
        using var folder = new GgufFolder();
        Assert.Contains("F32, F16, BF16, Q8_0, Q4_0", Assert.Throws<ArgumentException>(() => GgufConversion.Prepare(folder.Checkpoint, "Q9")).Message);
    }

    [Fact]
    public void Write_ToTheEnd_TellsOfGettingThere()
    {
        using var folder = new GgufFolder();
        using GgufConversion conversion = GgufConversion.Prepare(folder.Checkpoint, "BF16");
        string path = Path.Combine(folder.Checkpoint, "out.gguf");
        var told = new Told();
        conversion.Write(path, told, default);
        Assert.Equal(conversion.ByteCount, new FileInfo(path).Length);
        Assert.InRange(told.Furthest, 0.5, 1);
    }

    private sealed class Told : IProgress<double>
    {
        private readonly Lock _lock = new(); // reports come from any thread

        public double Furthest { get; private set; }

        public void Report(double value)
        {
            lock (_lock) Furthest = Math.Max(Furthest, value);
        }
    }

    private static IWeightSource Open(string path, bool keepsQuantised) => WeightSource.Open(path, new WeightFormat(ScalarType.Float32, null, IsAuto: keepsQuantised), HostMemory.Instance);

    private static float[] Values(IWeightSource source, CheckpointLayout.ExpectedTensor tensor)
    {
        if (tensor.Shape.Length == 1)
        {
            using Matrix norm = source.Norm(tensor.Name);
            return norm.Tensor.data<float>().ToArray();
        }
        using Weight weight = source.Weight(tensor.Name);
        return ((DenseWeight)weight).Values.Tensor.data<float>().ToArray();
    }

    private static float[] ValuesWidened(string file, CheckpointLayout.ExpectedTensor tensor)
    {
        using IWeightSource source = Open(file, false);
        return Values(source, tensor);
    }
}
