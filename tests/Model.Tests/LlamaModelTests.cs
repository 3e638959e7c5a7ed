using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Model.Tests;

/// <summary>
/// LlamaModel against the trainer's plain implementation, in float32: every configuration of the family, however the tokens are cut into steps. The two
/// share nothing but the checkpoint on disk.
/// </summary>
[HoldsTensors]
public sealed class LlamaModelTests : IDisposable
{
    private const double Tolerance = 1e-4;

    private static readonly LlamaConfig Small = new()
    {
        HiddenSize = 48,
        IntermediateSize = 80,
        LayerCount = 3,
        HeadCount = 4,
        KvHeadCount = 4,
        HeadDim = 12,
        VocabSize = 61,
        RmsNormEpsilon = 1e-5,
        ContextLength = 64,
    };

    private static readonly Dictionary<string, LlamaConfig> Configurations = new()
    {
        ["multi-head"] = Small,
        ["grouped-query"] = Small with { KvHeadCount = 2 },
        ["multi-query"] = Small with { KvHeadCount = 1 },
        ["head_dim apart from hidden / heads"] = Small with { HeadDim = 20, KvHeadCount = 2 },
        ["odd sizes"] = Small with { HiddenSize = 37, IntermediateSize = 53, HeadCount = 3, KvHeadCount = 3, HeadDim = 10, LayerCount = 2 },
        ["wide"] = Small with { HiddenSize = 128, IntermediateSize = 352, HeadDim = 32, KvHeadCount = 2, LayerCount = 2, VocabSize = 500 },
        ["rope_theta"] = Small with { RopeTheta = 1_000_000 },
        ["epsilon"] = Small with { RmsNormEpsilon = 0.1 },
        ["tied head"] = Small with { TieWordEmbeddings = true },
        ["one layer"] = Small with { LayerCount = 1 },
        ["linear scaling"] = Small with { RopeScaling = new RopeScaling.Linear(4) },
        ["dynamic scaling"] = Small with { RopeScaling = new RopeScaling.Dynamic(2, 16) },
        ["llama3 scaling"] = Small with { RopeTheta = 500_000, RopeScaling = new RopeScaling.Llama3(8, 1, 4, 32) },
        ["yarn scaling"] = Small with { RopeScaling = new RopeScaling.Yarn(4, 16) },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-model-tests").FullName;

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string name in Configurations.Keys)
                foreach (string kernels in new[] { "plain", "fused" }) cases.Add(name, kernels);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_EveryConfigurationAndEveryCut_EqualsPlainModel(string name, string kernels)
    {
        RandomCheckpoint.Write(_folder, Configurations[name], TensorDtype.F32, seed: 5);
        using PagedModel model = new(_folder, Kernels(kernels));
        int[] tokens = Tokens(seed: 1, length: 43);
        float[][] expected = Oracle(tokens);

        AssertEqual(expected, model.Run(tokens, chunk: 64), "whole");
        AssertEqual(expected, model.Run(tokens, chunk: 1), "token by token");
        for (int cut = 1; cut < tokens.Length; cut++)
        {
            PagedModel.Row row = new(tokens);
            model.Step((row, cut));
            model.Step((row, tokens.Length - cut));
            AssertEqual(expected, row, $"cut at {cut}");
            model.Release(row);
        }
        AssertMixed(model, tokens, expected);
        AssertReused(model, tokens, expected);
    }

    // Other sequences of other lengths share every step: prompts in chunks beside decode rows.
    private void AssertMixed(PagedModel model, int[] tokens, float[][] expected)
    {
        PagedModel.Row row = new(tokens), decoding = new(Tokens(2, 60)), prompt = new(Tokens(3, 58));
        model.Step((decoding, 17));
        int[] chunks = [1, 5, 9, 1, 1, 14, 2, 10];
        for (int i = 0; i < chunks.Length; i++)
        {
            if (i % 2 == 0) model.Step((decoding, 1), (row, chunks[i]), (prompt, 7));
            else model.Step((prompt, 3), (decoding, 1), (row, chunks[i]));
        }
        AssertEqual(expected, row, "in mixed batches");
        AssertEqual(Oracle(decoding.Tokens[..decoding.Computed]), decoding, "decoding beside prompts");
        AssertEqual(Oracle(prompt.Tokens[..prompt.Computed]), prompt, "prompt beside decoding");
        foreach (PagedModel.Row other in new[] { row, decoding, prompt }) model.Release(other);
    }

    // A prefix found in the cache, then a sequence preempted in mid-decode and recomputed in other blocks.
    private void AssertReused(PagedModel model, int[] tokens, float[][] expected)
    {
        PagedModel.Row first = model.Run(tokens, chunk: 64);
        int[] branch = [.. tokens[..20], .. Tokens(seed: 9, length: 15)];
        PagedModel.Row second = model.Share(first, branch, prefix: 20);
        model.Step((second, 4));
        model.Step((second, 11));
        AssertEqual(Oracle(branch), second, "with a prefix hit");

        PagedModel.Row preempted = new(tokens);
        model.Step((preempted, 10));
        for (int i = 0; i < 5; i++) model.Step((preempted, 1));
        model.Preempt(preempted);
        model.Step((preempted, 16));
        while (preempted.Computed < tokens.Length) model.Step((preempted, 1));
        AssertEqual(expected, preempted, "after preemption");
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("fused")]
    public void Forward_LastRowsAloneAreRead_AreAsIfAllWere(string kernels)
    {
        RandomCheckpoint.Write(_folder, Configurations["wide"], TensorDtype.F32, seed: 6);
        using PagedModel model = new(_folder, Kernels(kernels));
        PagedModel.Row one = new(Tokens(1, 40)), other = new(Tokens(2, 40));
        float[][] expectedOne = Oracle(one.Tokens), expectedOther = Oracle(other.Tokens);
        foreach ((int times, int count, int otherCount) in new[] { (2, 7, 1), (1, 1, 12), (0, 3, 9), (1, 1, 1), (3, 1, 1), (1, 20, 10) }) // nothing is read of a prompt's first chunks
        {
            float[][] read = model.ReadLast(times, (one, count), (other, otherCount));
            Assert.Equal(2 * times, read.Length);
            for (int i = 0; i < read.Length; i++) AssertEqual(i < times ? expectedOne[one.Computed - 1] : expectedOther[other.Computed - 1], read[i], $"{times} × {count} and {otherCount}");
        }
    }

    [Fact]
    public void Forward_DeterministicKernels_AreBitwiseEqualHoweverCut()
    {
        RandomCheckpoint.Write(_folder, Configurations["wide"], TensorDtype.F32, seed: 6);
        using PagedModel model = new(_folder, () => SimdKernels.Create(ScalarType.Float32, deterministic: true));
        int[] tokens = Tokens(1, 61);
        PagedModel.Row whole = model.Run(tokens, 64), single = model.Run(tokens, 1), mixed = new(tokens), other = new(Tokens(2, 61));
        while (mixed.Computed < tokens.Length) model.Step((other, 1), (mixed, Math.Min(7, tokens.Length - mixed.Computed)));
        for (int i = 0; i < tokens.Length; i++)
        {
            Assert.Equal(whole.Logprobs[i], single.Logprobs[i]);
            Assert.Equal(whole.Logprobs[i], mixed.Logprobs[i]);
        }
    }

    // On random weights, whose attention is close to even; 8 bits of a head's largest value are some 0.4 % of it.
    [Theory]
    [InlineData("plain", ScalarType.Int8, 0.06)]
    [InlineData("fused", ScalarType.Int8, 0.06)]
    [InlineData("fused", ScalarType.BFloat16, 0.02)]
    public void Forward_NarrowerCache_ChangesLogprobsLittle(string kernels, ScalarType kvDtype, double tolerance)
    {
        RandomCheckpoint.Write(_folder, Configurations["wide"], TensorDtype.F32, seed: 8);
        int[] tokens = Tokens(1, 61);
        using PagedModel exact = new(_folder, Kernels(kernels)), narrow = new(_folder, Kernels(kernels), kvDtype: kvDtype);
        List<float[]> expected = exact.Run(tokens, 16).Logprobs, actual = narrow.Run(tokens, 16).Logprobs;
        double largest = 0;
        for (int i = 0; i < tokens.Length; i++)
            for (int t = 0; t < expected[i].Length; t++) largest = Math.Max(largest, Math.Abs(expected[i][t] - actual[i][t]));
        Assert.InRange(largest, 1e-6, tolerance); // not 0: then the narrower type was not used
    }

    [Fact]
    public void Forward_CacheOfCodesInDeterministicKernels_IsBitwiseEqualHoweverCut()
    {
        RandomCheckpoint.Write(_folder, Configurations["wide"], TensorDtype.F32, seed: 6);
        using PagedModel model = new(_folder, () => SimdKernels.Create(ScalarType.Float32, deterministic: true), kvDtype: ScalarType.Int8);
        int[] tokens = Tokens(1, 61);
        PagedModel.Row whole = model.Run(tokens, 64), single = model.Run(tokens, 1);
        for (int i = 0; i < tokens.Length; i++) Assert.Equal(whole.Logprobs[i], single.Logprobs[i]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Func<IKernels> Kernels(string name) =>
        name == "plain" ? () => new PlainKernels() : () => SimdKernels.Create(ScalarType.Float32, deterministic: false);

    private static int[] Tokens(int seed, int length)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(61))];
    }

    // Run at the full context length (what follows a token cannot change it), because dynamic NTK scaling depends on the length and a cache needs one.
    private float[][] Oracle(int[] tokens)
    {
        int[] padded = [.. tokens, .. new int[Small.ContextLength - tokens.Length]];
        using IDisposable noGradients = no_grad();
        PlainConfig config = PlainConfig.Load(Path.Combine(_folder, "config.json"));
        PlainLlama model = new(config, Llama.Trainer.Plain.SafetensorsFile.Load(Path.Combine(_folder, "model.safetensors")));
        Tensor logprobs = model.Logits(tensor(padded, dtype: ScalarType.Int64).unsqueeze(0)).log_softmax(-1).squeeze(0);
        return [.. logprobs.data<float>().ToArray().Chunk(config.VocabSize).Take(tokens.Length)];
    }

    private static void AssertEqual(float[][] expected, PagedModel.Row actual, string how)
    {
        Assert.Equal(expected.Length, actual.Logprobs.Count);
        for (int position = 0; position < expected.Length; position++) AssertEqual(expected[position], actual.Logprobs[position], $"{how}: position {position}");
    }

    private static void AssertEqual(float[] expected, float[] actual, string how)
    {
        for (int token = 0; token < expected.Length; token++)
        {
            double difference = Math.Abs(expected[token] - actual[token]);
            Assert.True(difference < Tolerance, $"{how}, token {token} differs by {difference:E2}"); // NaN fails too
        }
    }
}
