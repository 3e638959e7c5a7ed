using System.Runtime.Intrinsics;
using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Threads;
using ScalarType = TorchSharp.torch.ScalarType;

namespace Llama.Model.Tests.Cuda.Sampling;

[HoldsTensors]
public sealed unsafe class CudaScorerTests
{
    [CudaEmulatorTheory]
    [InlineData(7, 40)]
    [InlineData(1024, 40)]
    [InlineData(5_000, 20)]
    [InlineData(32_000, 6)]
    public void Score_RandomRows_IsWhatTheHostScores(int vocabSize, int rows)
    {
        const int maxRows = 16;
        var random = new Random(vocabSize);
        using Device device = new();
        using SamplingKernels kernels = new(device.Stream, vocabSize, maxRows);
        using CudaScorer scorer = new(device.Stream, kernels, maxRows);
        List<ScoreRow> wanted = [.. Enumerable.Range(0, rows).Select(i => new ScoreRow(i, random.Next(vocabSize), i % 22))];
        for (int first = 0; first < rows; first += maxRows)
        {
            int count = Math.Min(maxRows, rows - first);
            float[] logits = RandomStep.Logits(random, count, vocabSize);
            if (first == 0) logits[random.Next(vocabSize)] = float.NaN;
            ScoredToken[] expected = new ScoredToken[count], scored = new ScoredToken[count];
            ParallelFor.Use(null);
            using (Matrix onHost = HostMemory.Of(logits, count, vocabSize)) new TokenScorer(vocabSize, maxRows, new HostRows(HostMemory.Instance)).Score(wanted, first, onHost, expected);
            using (Matrix onDevice = new((void*)device.Of(logits), count, vocabSize, ScalarType.Float32, isOnHost: false, free: null)) scorer.Score(wanted, first, onDevice, scored);
            for (int i = 0; i < count; i++) AssertSame(expected[i], scored[i], wanted[first + i].TopCount);
        }
    }

    [CudaEmulatorFact]
    public void Weights_OfAllExponents_HaveTheBitsOfTheHosts()
    {
        const string text = """
            #include "sampling.cuh"
            extern "C" __global__ void weights(float* x, int count)
            {
                int i = blockIdx.x * blockDim.x + threadIdx.x;
                if (i < count) x[i] = weight_of(x[i]);
            }
            """;
        var random = new Random(1);
        float[] exponents = [0, -0f, -87, MathF.BitDecrement(-87), -1000, float.NegativeInfinity, -float.Epsilon, .. Enumerable.Range(0, 20_001).Select(_ => -90 * MathF.Pow(random.NextSingle(), 3))];
        using Device device = new();
        nint memory = device.Of(exponents);
        device.Kernel(text, "weights").Launch(new(exponents.Length / 32 + 1, 1, 1, 32), memory, exponents.Length);
        Assert.Equal(exponents.Select(x => LogitRow.Exp(Vector256.Create(x))[0]), device.Read<float>(memory, exponents.Length));
    }

    [CudaEmulatorFact]
    public void Kernels_TooLargeVocabulary_NameTheRemedy()
    {
        using Device device = new();
        var error = Assert.Throws<ArgumentException>(() => new SamplingKernels(device.Stream, 600_000, 1));
        Assert.Contains("Model:Kernels=plain", error.Message);
    }

    private static void AssertSame(ScoredToken expected, ScoredToken actual, int topCount)
    {
        if (expected.Fault is null && topCount > SamplingResults.MaxTop)
        {
            Assert.Contains("at most 20", actual.Fault!.Message);
            return;
        }
        Assert.Equal((expected.TokenId, expected.Rank, expected.Fault?.Message), (actual.TokenId, actual.Rank, actual.Fault?.Message));
        Assert.Equal(expected.Logprob, actual.Logprob, 1e-5f);
        Assert.Equal(expected.Top.Select(top => top.TokenId), actual.Top.Select(top => top.TokenId));
        Assert.All(expected.Top.Zip(actual.Top), pair => Assert.Equal(pair.First.Logprob, pair.Second.Logprob, 1e-5f));
    }
}
