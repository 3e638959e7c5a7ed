using System.Text.Json;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Model.Tests.Kernels;
using Llama.Model.Threads;
using Llama.Tests.Shared;
using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Model.Tests;

/// <summary>The room's door: what it refuses, what it says of itself, and what a warm step allocates.</summary>
[HoldsTensors]
public sealed class ModelRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-runner-tests").FullName;

    public ModelRunnerTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 1);

    [Theory]
    [InlineData("auto", "fused")]
    [InlineData("float32", "fused")]
    [InlineData("bfloat16", "plain")]
    [InlineData("int8-outliers", "fused")]
    [InlineData("int8-outliers", "plain")]
    public void Run_AnyDtypeAndKernels_DrawsTheSameGreedyTokensAsPlainFloat32(string dtype, string kernels)
    {
        int[] expected = Generate(new ModelOptions { Path = _folder, Device = "cpu", Dtype = "float32", Kernels = "plain" }, 8);
        Assert.Equal(expected, Generate(new ModelOptions { Path = _folder, Device = "cpu", Dtype = dtype, Kernels = kernels }, 8));
    }

    [Theory]
    [InlineData("fused", 50)]
    [InlineData("fused", 7)]
    [InlineData("plain", 16)]
    public void Run_ScoresAndPools_AreThoseOfThePlainModelHoweverCut(string kernels, int chunk)
    {
        // Three rows fit the buffers at once: a prompt of fifty tokens is scored in slices.
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _folder, Device = "cpu", Dtype = "float32", Kernels = kernels, MaxSequences = 3 });
        int[] prompt = [.. Enumerable.Range(0, 50).Select(i => (i * i + 7) % 200)];
        float[] sum = new float[64];
        List<ScoredToken> scores = [];
        for (int start = 0; start < prompt.Length; start += chunk) scores.AddRange(ReadPrompt(runner, prompt, start, Math.Min(chunk, prompt.Length - start), sum));

        using IDisposable noGradients = no_grad();
        PlainLlama plain = PlainLlama.Load(_folder).RoundedToBFloat16();
        Tensor hidden = plain.Hidden(tensor(prompt, dtype: ScalarType.Int64).unsqueeze(0)), logprobs = plain.Head(hidden).log_softmax(-1);
        float[] expectedSum = hidden.sum(1).data<float>().ToArray(), expected = logprobs.data<float>().ToArray(); // [50, 200]
        Assert.Equal(prompt[1..], scores.Select(score => score.TokenId));
        for (int i = 0; i < scores.Count; i++)
        {
            ReadOnlySpan<float> row = expected.AsSpan(i * 200, 200);
            Assert.Equal(row[prompt[i + 1]], scores[i].Logprob, 1e-3);
            // Whoever is within the rounding of its logit may be before or behind it.
            float own = row[prompt[i + 1]];
            Assert.InRange(scores[i].Rank, 1 + row.ToArray().Count(other => other > own + 2e-3f), row.ToArray().Count(other => other > own - 2e-3f));
            Assert.Equal(row.ToArray().OrderDescending().Take(2), scores[i].Top.Select(top => top.Logprob), (one, other) => Math.Abs(one - other) < 1e-3);
        }
        Assert.Equal(expectedSum, sum, (one, other) => Math.Abs(one - other) < 5e-3);
    }

    [Fact]
    public void Load_Fails_LeavesTheThreadAsItWas()
    {
        ThreadTeam team = ParallelFor.Team;
        bool isInference = is_inference_mode_enabled();

        Assert.Throws<CheckpointException>(() => ModelRunner.Load(new ModelOptions { Path = Path.Combine(_folder, "nowhere"), Device = "cpu" }));

        Assert.Same(team, ParallelFor.Team); // whose workers wait on; those of the failed runner have ended with it
        Assert.Equal(isInference, is_inference_mode_enabled());
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    [InlineData("int8-outliers")]
    public void Run_WarmDecodeSteps_AllocateNoMoreThanTheBudget(string dtype)
    {
        double? threshold = dtype == "int8-outliers" ? 1.5 : null; // about a tenth of the inputs
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _folder, Device = "cpu", Dtype = dtype, OutlierThreshold = threshold });
        Assert.InRange(AllocatedPerStep(runner), 0, Budget("decodeStepBytes"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_AnyNumberOfThreads_DrawsTheSameTokens(int threads)
    {
        ModelOptions options = new() { Path = _folder, Device = "cpu", Deterministic = true, Threads = 3 };
        Assert.Equal(Generate(options, 30), Generate(options with { Threads = threads }, 30));
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    public void Run_DecodeStepsOfAnyNumberOfSequences_CreateNoTensor(string dtype)
    {
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _folder, Device = "cpu", Dtype = dtype });
        ForwardBatch batch = new(16, 16, runner.Limits.BlocksPerSequence);
        SampledToken[] sampled = new SampledToken[16];
        Step(runner, batch, sampled, position: 0, sequences: 16);
        long before = CreatedTensors();
        for (int position = 1; position < 32; position++) Step(runner, batch, sampled, position, sequences: 1 + position % 16);
        Assert.Equal(before, CreatedTensors());
        using (TorchSharp.torch.zeros(1)) Assert.Equal(before + 1, CreatedTensors()); // it does count
    }

    [Fact]
    public void Load_FreeMemory_DerivesThePoolAndSaysHow()
    {
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _folder, Device = "cpu", MaxSequences = 3 });
        Assert.Equal(new ModelLimits(200, 128, 16, 24) { HiddenSize = 64 }, runner.Limits);
        Assert.Contains("24 blocks × 16 tokens = 384 tokens", runner.Description.KvCache);
        Assert.Contains("enough for 3 sequences of 128 tokens", runner.Description.KvCache);
        Assert.Contains("bfloat16 weights (auto), bfloat16 KV cache", runner.Description.Dtype);
    }

    [GeneratedCodeFact]
    public void Load_Bfloat16AndCodes_PacksWhatIsNotToBeReadByRows()
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { TieWordEmbeddings = true, VocabSize = 208 }, TensorDtype.BF16, seed: 1);
        ModelOptions options = new() { Path = _folder, Device = "cpu" };
        using ModelRunner packed = ModelRunner.Load(options), mapped = ModelRunner.Load(options with { Repack = false }), codes = ModelRunner.Load(options with { Dtype = "int8" });
        Assert.All([packed, codes], runner => Assert.Contains("products of packed weights", runner.Description.Device));
        Assert.DoesNotContain("packed", mapped.Description.Device);
        Assert.EndsWith(", packed weights", packed.Description.Computation);
        Assert.Equal(packed.Description.Computation, mapped.Description.Computation + ", packed weights");
        Assert.Equal(mapped.Description.WeightBytes, packed.Description.WeightBytes); // the embedding, which is the head as well, is there once
        Assert.Equal(Generate(options with { Repack = false }, 30), Generate(options, 30));
    }

    [Theory]
    [InlineData("fused", "float32", null, "needs a CPU with AVX-512 BF16")]
    [InlineData("plain", "auto", null, "needs a CPU with AVX-512 BF16")]
    [InlineData("fused", "auto", "4GiB", "leave out one of them")]
    public void Load_RepackWhereThatCannotBe_SaysWhy(string kernels, string dtype, string? limit, string remedy)
    {
        ModelOptions options = new() { Path = _folder, Device = "cpu", Kernels = kernels, Dtype = dtype, MemoryLimit = limit, Repack = true };
        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelRunner.Load(options));
        Assert.Contains("Model:Repack=true", error.Message);
        Assert.Contains(remedy, error.Message);
    }

    [Theory]
    [InlineData("Device", "gpu", "use auto, cpu, cuda, cuda:N, or a list of devices")]
    [InlineData("Device", "cuda:99", "CUDA devices")]
    [InlineData("Device", "cpu:0,cpu:1,cpu:0", "names cpu:0 twice; name each device once")]
    [InlineData("Device", "cpu,cpu:0", "names cpu:0 twice")]
    [InlineData("Device", "auto,cpu:1", "auto stands alone: name every device")]
    [InlineData("Device", "cpu:0,", "or a list of devices such as")]
    [InlineData("Device", "cpu:x", "or a list of devices such as")]
    [InlineData("Dtype", "float8", "use auto, bfloat16, float32 or one of int8, int8-row")]
    [InlineData("Kernels", "slow", "use fused or plain")]
    [InlineData("OutlierThreshold", "3", "set Model:Dtype=int8-outliers, or leave it out")]
    [InlineData("OutlierThreshold", "-1", "give a number above 0")]
    [InlineData("ContextLength", "129", "takes 2 to 128")]
    public void Load_BadSetting_NamesItAndTheRemedy(string setting, string value, string remedy)
    {
        ModelOptions options = new() { Path = _folder, Device = "cpu" };
        options = setting switch
        {
            "Device" => options with { Device = value },
            "Dtype" => options with { Dtype = value },
            "Kernels" => options with { Kernels = value },
            "OutlierThreshold" => options with { OutlierThreshold = double.Parse(value) },
            _ => options with { ContextLength = int.Parse(value) },
        };
        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelRunner.Load(options));
        Assert.Contains("Model:" + setting, error.Message);
        Assert.Contains(remedy, error.Message);
    }

    [Fact]
    public void Derive_TooLittleMemory_SaysWhatIsNeededAndWhatIsThere()
    {
        ModelOptions options = new() { Path = _folder };
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => KvPoolSize.Derive(options, 4096, 8 << 20, 1L << 30, 0.5));
        Assert.Contains("needs 2,048 MiB", error.Message);
        Assert.Contains("Model:ContextLength", error.Message);
    }

    [Fact]
    public void Derive_SetCount_IsTaken() => Assert.Equal(7, KvPoolSize.Derive(new ModelOptions { Path = "", BlockCount = 7 }, 4096, 1, 1, 0.5).BlockCount);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal static int[] Generate(ModelOptions options, int count, params IReadOnlyList<BackendChoice> backends)
    {
        using ModelRunner runner = ModelRunner.Load(options, backends.Count > 0 ? backends : BackendChoice.AllOf(options));
        ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
        SampledToken[] sampled = new SampledToken[1];
        int[] tokens = new int[count];
        for (int position = 0; position < count; position++)
        {
            Step(runner, batch, sampled, position, 1, position == 0 ? 17 : tokens[position - 1]);
            tokens[position] = sampled[0].TokenId;
        }
        return tokens;
    }

    internal static void Step(ModelRunner runner, ForwardBatch batch, SampledToken[] sampled, int position, int sequences, int token = 3)
    {
        Lay(runner, batch, position, sequences, token);
        runner.Run(batch, sampled, default);
    }

    /// <summary>Lays out a step of sequences that all have the same tokens.</summary>
    internal static void Lay(ModelRunner runner, ForwardBatch batch, int position, int sequences, int token)
    {
        batch.Clear();
        for (int s = 0; s < sequences; s++)
        {
            int blocks = runner.Limits.BlocksPerSequence, size = runner.Limits.BlockSize;
            for (int b = 0; b < blocks; b++) batch.BlockTables[s * batch.BlockTableStride + b] = s * blocks + b;
            batch.TokenIds[s] = token;
            batch.Positions[s] = position;
            batch.Slots[s] = (s * blocks + position / size) * size + position % size;
            (batch.TokenStarts[s], batch.TokenStarts[s + 1], batch.ContextLengths[s]) = (s, s + 1, position + 1);
            batch.Samples[s] = new SampleRow(s, position + 1, position, 0, 0, SamplingParams.Greedy);
        }
        batch.TokenCount = batch.SequenceCount = batch.SampleCount = sequences;
    }

    /// <summary>Bytes that a warm decode step of four sequences allocates on the calling thread.</summary>
    internal static long AllocatedPerStep(ModelRunner runner)
    {
        const int stretch = 25;
        ForwardBatch batch = new(16, 16, runner.Limits.BlocksPerSequence);
        SampledToken[] sampled = new SampledToken[16];
        for (int position = 0; position < 20; position++) Step(runner, batch, sampled, position, sequences: 4);
        int next = 20;
        return Allocated.InStretch(() =>
        {
            for (int end = next + stretch; next < end; next++) Step(runner, batch, sampled, next, sequences: 4);
        }) / stretch;
    }

    // Of this thread.
    private static long CreatedTensors()
    {
        var statistics = TorchSharp.DisposeScopeManager.Statistics.TensorStatistics;
        return statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;
    }

    /// <summary>What is read of a prompt of fifty tokens in chunks: each token's log-probability followed by those of the two likeliest, and the sum of the hidden states.</summary>
    internal static (double[] Logprobs, float[] Sum) Read(ModelOptions options, int chunk, params IReadOnlyList<BackendChoice> backends)
    {
        using ModelRunner runner = ModelRunner.Load(options, backends.Count > 0 ? backends : BackendChoice.AllOf(options));
        return Read(runner, chunk);
    }

    internal static (double[] Logprobs, float[] Sum) Read(ModelRunner runner, int chunk)
    {
        int[] prompt = [.. Enumerable.Range(0, 50).Select(i => (i * i + 7) % runner.Limits.VocabSize)];
        float[] sum = new float[runner.Limits.HiddenSize];
        List<double> logprobs = [];
        for (int start = 0; start < prompt.Length; start += chunk)
            logprobs.AddRange(ReadPrompt(runner, prompt, start, Math.Min(chunk, prompt.Length - start), sum).SelectMany(score => score.Top.Select(top => (double)top.Logprob).Prepend(score.Logprob)));
        return ([.. logprobs], sum);
    }

    internal static ScoredToken[] ReadPrompt(ModelRunner runner, int[] prompt, int start, int count, float[] sum)
    {
        ForwardBatch batch = new(50, 1, runner.Limits.BlocksPerSequence) { TokenCount = count, SequenceCount = 1 };
        for (int b = 0; b < runner.Limits.BlocksPerSequence; b++) batch.BlockTables[b] = b;
        for (int i = 0; i < count; i++)
        {
            (batch.TokenIds[i], batch.Positions[i], batch.Slots[i]) = (prompt[start + i], start + i, start + i);
            if (start + i + 1 < prompt.Length) batch.Scores.Add(new ScoreRow(i, prompt[start + i + 1], 2));
        }
        (batch.TokenStarts[1], batch.ContextLengths[0]) = (count, start + count);
        batch.Pools.Add(new PoolRow(0, count, sum));
        ScoredToken[] scored = new ScoredToken[batch.Scores.Count];
        runner.Run(batch, default, scored);
        return scored;
    }

    private static long Budget(string name)
    {
        using JsonDocument budgets = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "budgets.json")));
        return budgets.RootElement.GetProperty(name).GetInt64();
    }
}
