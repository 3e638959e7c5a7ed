using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Cuda;

/// <summary>A whole model on the emulated device: what comes out of it is what the plain kernels make of the same checkpoint.</summary>
public sealed class CudaRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-cuda-tests").FullName;

    public CudaRunnerTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 1);

    [CudaEmulatorTheory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Run_Float32_DrawsTheGreedyTokensOfThePlainModel(bool deterministic, bool hasProducts)
    {
        ModelOptions options = Options("float32", "auto");
        EmulatedDevice device = new() { HasProducts = hasProducts, CanOverlap = hasProducts };
        Assert.Equal(ModelRunnerTests.Generate(options with { Kernels = "plain" }, 40), ModelRunnerTests.Generate(options with { Deterministic = deterministic }, 40, device.Choice));
        Assert.Equal("", device.Leaks);
    }

    [CudaEmulatorTheory]
    [InlineData("float32", "auto", 7, 1e-4)]
    [InlineData("float32", "int8", 50, 3e-2)]
    [InlineData("bfloat16", "auto", 50, 3e-2)]
    [InlineData("bfloat16", "auto", 7, 3e-2)]
    [InlineData("bfloat16", "int8", 17, 6e-2)]
    [InlineData("int8", "auto", 50, 3e-2)]
    [InlineData("int8", "auto", 3, 3e-2)]
    [InlineData("int4", "auto", 20, 3e-2)]
    public void Run_PromptInChunks_ScoresAndPoolsItAsThePlainModelDoes(string dtype, string kvDtype, int chunk, double tolerance)
    {
        ModelOptions options = Options(dtype, kvDtype);
        int[] prompt = [.. Enumerable.Range(0, 50).Select(i => (i * i + 7) % 200)];
        (double[] expected, float[] expectedSum) = Read(options with { Kernels = "plain" }, BackendChoice.Of(options with { Kernels = "plain" }), prompt, 50);
        EmulatedDevice device = new();
        (double[] logprobs, float[] sum) = Read(options, device.Choice, prompt, chunk);
        Assert.Equal("", device.Leaks);
        Assert.Equal(expected, logprobs, (one, other) => Math.Abs(one - other) < tolerance);
        Assert.Equal(expectedSum, sum, (one, other) => Math.Abs(one - other) < 50 * tolerance);
    }

    // That each of its kernels waits for those before, of whichever form, is the emulator's to see.
    [CudaEmulatorTheory]
    [InlineData("bfloat16", "int8")]
    [InlineData("int8", "auto")]
    [InlineData("int4", "bfloat16")]
    public void Run_DecodeStepsWhoseKernelsOverlap_DrawWhatTheyDrawWithout(string dtype, string kvDtype)
    {
        ModelOptions options = Options(dtype, kvDtype);
        EmulatedDevice plain = new(), overlapping = new() { CanOverlap = true };
        Assert.Equal(ModelRunnerTests.Generate(options, 6, plain.Choice), ModelRunnerTests.Generate(options, 6, overlapping.Choice));
        Assert.Equal("", overlapping.Leaks);
    }

    [CudaEmulatorTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_TellsWhetherKernelsOfADecodeStepOverlap(bool canOverlap)
    {
        EmulatedDevice device = new() { CanOverlap = canOverlap };
        using (ModelRunner runner = ModelRunner.Load(Options("bfloat16", "auto"), device.Choice))
            Assert.Equal(canOverlap, runner.Description.Device.Contains(", decode kernels overlap", StringComparison.Ordinal));
        Assert.Equal("", device.Leaks);
    }

    [CudaEmulatorFact]
    public void Load_OutliersSplitOff_IsRefusedWithTheRemedy()
    {
        EmulatedDevice device = new();
        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelRunner.Load(Options("int8-outliers", "auto"), device.Choice));
        Assert.Equal("Weights in int8-outliers are multiplied on a CPU only; use Model:Device=cpu, or Model:Dtype=int8.", error.Message);
        Assert.Equal("", device.Leaks);
    }

    [CudaEmulatorFact]
    public void Run_AsManySequencesAsAStepHasTokens_IsNotPaddedBeyondThem()
    {
        ModelOptions options = Options("float32", "auto") with { MaxBatchTokens = 5 };
        EmulatedDevice device = new();
        Assert.Equal(Decode(BackendChoice.Of(options with { Kernels = "plain" })), Decode(device.Choice));
        Assert.Equal("", device.Leaks);

        int[] Decode(BackendChoice choice)
        {
            using ModelRunner runner = ModelRunner.Load(options, choice);
            ForwardBatch batch = new(5, 5, runner.Limits.BlocksPerSequence);
            SampledToken[] sampled = new SampledToken[5];
            for (int position = 0; position < 3; position++) ModelRunnerTests.Step(runner, batch, sampled, position, sequences: 5, token: 3 + position);
            return [.. sampled.Select(token => token.TokenId)];
        }
    }

    [CudaEmulatorTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_NextStepCannotBeEnqueuedAhead_DrawsAllTheSameAndFailsThatStepWhenItIsAskedFor(bool isAskedFor)
    {
        ModelOptions options = Options("float32", "auto");
        int[] expected = ModelRunnerTests.Generate(options, 2, new EmulatedDevice().Choice);
        int draws = 0;
        EmulatedDevice device = new() { OnLaunch = kernel => { if (kernel == "draw" && ++draws == 2) throw new CudaException("the second draw is refused"); } };
        using (ModelRunner runner = ModelRunner.Load(options, device.Choice))
        {
            ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
            SampledToken[] sampled = new SampledToken[1];
            ModelRunnerTests.Lay(runner, batch, position: 0, sequences: 1, token: 17);
            (batch.MayRunAhead, batch.NextSlots[0]) = (true, 1);
            runner.Run(batch, sampled, default);
            Assert.Equal(expected[0], sampled[0].TokenId);

            if (isAskedFor) Assert.Equal("the second draw is refused", Assert.Throws<CudaException>(() => ModelRunnerTests.Step(runner, batch, sampled, position: 1, sequences: 1, expected[0])).Message);
            else ModelRunnerTests.Step(runner, batch, sampled, position: 0, sequences: 1, token: 5);
            ModelRunnerTests.Step(runner, batch, sampled, position: 0, sequences: 1, token: 17);
            ModelRunnerTests.Step(runner, batch, sampled, position: 1, sequences: 1, expected[0]);
            Assert.Equal(expected[1], sampled[0].TokenId);
        }
        Assert.Equal("", device.Leaks);
    }

    // The driver has one error for all that it does not know.
    [CudaEmulatorTheory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void Run_DeviceGoesByAnErrorThatMayMeanAnything_IsLost(int draw, bool runsAhead)
    {
        int draws = 0;
        EmulatedDevice device = null!;
        device = new() { OnLaunch = kernel => { if (kernel == "draw" && ++draws == draw) device.Lose("CUDA_ERROR_UNKNOWN (999)"); } };
        using (ModelRunner runner = ModelRunner.Load(Options("float32", "auto"), device.Choice))
        {
            ForwardBatch batch = new(16, 1, runner.Limits.BlocksPerSequence);
            RunnerLostException lost = Assert.Throws<RunnerLostException>(() =>
            {
                for (int position = 0; position < 3; position++)
                {
                    ModelRunnerTests.Lay(runner, batch, position, sequences: 1, token: 17);
                    (batch.MayRunAhead, batch.NextSlots[0]) = (runsAhead, position + 1);
                    runner.Run(batch, new SampledToken[1], default);
                }
            });
            Assert.StartsWith("The GPU is lost to this process: CUDA_ERROR_", lost.Message, StringComparison.Ordinal);
        }
        Assert.Equal("", device.Leaks);
    }

    // A recording leaves no trace on the host of where the rows of its step are; another step's would be read.
    [CudaEmulatorFact]
    public void Run_RowThatIsReadAndDrawnFrom_IsReadAsThePlainModelDoes()
    {
        ModelOptions options = Options("float32", "auto");
        EmulatedDevice device = new();
        (float[] expectedSum, float expected) = ReadOneRow(BackendChoice.Of(options with { Kernels = "plain" }));
        (float[] sum, float logprob) = ReadOneRow(device.Choice);
        Assert.Equal("", device.Leaks);
        Assert.Equal(expected, logprob, 1e-4f);
        Assert.Equal(expectedSum, sum, (one, other) => Math.Abs(one - other) < 1e-3);

        (float[] Sum, float Logprob) ReadOneRow(BackendChoice choice)
        {
            using ModelRunner runner = ModelRunner.Load(options, choice);
            ForwardBatch batch = new(4, 1, runner.Limits.BlocksPerSequence);
            float[] sum = new float[64];
            ScoredToken[] scored = new ScoredToken[1];
            for (int position = 0; position < 2; position++) ModelRunnerTests.Step(runner, batch, new SampledToken[1], position, sequences: 1);
            for (int i = 0; i < 4; i++) (batch.TokenIds[i], batch.Positions[i], batch.Slots[i]) = (20 + i, 2 + i, 2 + i);
            (batch.TokenCount, batch.TokenStarts[1], batch.ContextLengths[0]) = (4, 4, 6);
            batch.Samples[0] = batch.Samples[0] with { TokenRow = 3 };
            runner.Run(batch, new SampledToken[1], default); // whose last row alone goes on behind the last attention
            ModelRunnerTests.Lay(runner, batch, position: 6, sequences: 1, token: 9);
            batch.Pools.Add(new PoolRow(0, 1, sum));
            batch.Scores.Add(new ScoreRow(0, 5, 0));
            runner.Run(batch, new SampledToken[1], scored);
            return (sum, scored[0].Logprob);
        }
    }

    private static (double[] Logprobs, float[] Sum) Read(ModelOptions options, BackendChoice choice, int[] prompt, int chunk)
    {
        using ModelRunner runner = ModelRunner.Load(options, choice);
        float[] sum = new float[64];
        List<double> logprobs = [];
        for (int start = 0; start < prompt.Length; start += chunk)
            logprobs.AddRange(ModelRunnerTests.ReadPrompt(runner, prompt, start, Math.Min(chunk, prompt.Length - start), sum).SelectMany(score => score.Top.Select(top => (double)top.Logprob).Prepend(score.Logprob)));
        return ([.. logprobs], sum);
    }

    private ModelOptions Options(string dtype, string kvDtype) => new() { Path = _folder, Device = "cpu", Dtype = dtype, KvDtype = kvDtype, MaxBatchTokens = 64, MaxSequences = 8 };

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
