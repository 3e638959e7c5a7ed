using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda.Emulator;

namespace Llama.Model.Tests.Cuda.Sampling;

/// <summary>Laws of the device's sampler over steps: what is drawn depends on the row alone, two steps may be under way, nothing is allocated.</summary>
public sealed class CudaStepTests
{
    [CudaEmulatorTheory]
    [InlineData(32)]
    [InlineData(512)]
    public void Draw_AnyThreadsOrderAndCompany_HasTheSameBits(int threads)
    {
        const int vocabSize = 3_000, rows = 9;
        var random = new Random(8);
        ForwardBatch batch = RandomStep.Of(random, rows, vocabSize, guided: false);
        float[] logits = RandomStep.Logits(random, rows, vocabSize);
        using SamplerRig rig = new(vocabSize, rows), other = new(vocabSize, rows, threads);
        SampledToken[] together = rig.Draw(batch, logits);
        for (int count = 1; count <= rows; count += 4)
        {
            int[] order = [.. Enumerable.Range(0, rows).OrderBy(_ => random.Next()).Take(count)];
            SampledToken[] sampled = other.Draw(Take(batch, order), [.. order.SelectMany(row => logits.AsSpan(row * vocabSize, vocabSize).ToArray())]);
            for (int i = 0; i < count; i++)
            {
                Assert.Equal((together[order[i]].TokenId, together[order[i]].Logprob), (sampled[i].TokenId, sampled[i].Logprob));
                Assert.Equal(together[order[i]].Top, sampled[i].Top);
            }
        }
    }

    [CudaEmulatorFact]
    public void Prepare_NextStepBeforeTheLastIsRead_MixesNothing()
    {
        const int vocabSize = 600, rows = 4;
        var random = new Random(6);
        using SamplerRig rig = new(vocabSize, rows);
        float[] logits = RandomStep.Logits(random, rows, vocabSize);
        ForwardBatch[] steps = [.. Enumerable.Range(0, 6).Select(_ => RandomStep.Of(random, rows, vocabSize))];
        foreach (ForwardBatch[] pair in steps.Chunk(2))
        {
            SampledToken[][] expected = [.. pair.Select(step => rig.DrawOnHost(step, logits))];
            nint first = rig.Device.Of(logits), second = rig.Device.Of(logits);
            for (int buffer = 0; buffer < 2; buffer++)
            {
                rig.Sampler.Prepare(pair[buffer], buffer);
                rig.Sampler.AskGuides();
                rig.Sampler.Enqueue(buffer == 0 ? first : second);
            }
            rig.Device.Stream.Synchronize();
            for (int buffer = 0; buffer < 2; buffer++)
                for (int row = 0; row < rows; row++) CudaSamplerTests.AssertSame(expected[buffer][row], rig.Sampler.Read(buffer, row), $"step {buffer}, row {row}");
        }
    }

    [CudaEmulatorFact]
    public void Prepare_RowsThatStayAndRowsThatChangeHands_AreDrawnAsOnTheHost()
    {
        const int vocabSize = 200, rows = 5;
        var random = new Random(9);
        using SamplerRig rig = new(vocabSize, rows);
        float[] logits = RandomStep.Logits(random, rows, vocabSize);
        SampleRow[] others = [.. RandomStep.Of(random, 40, vocabSize).Samples, .. RandomStep.Of(SamplingParams.Greedy, new() { Seed = 4 }, new() { TopK = 7 }, new() { TopLogprobs = 3 }, new() { TopLogprobs = 100 }).Samples]; // the last is refused
        ForwardBatch step = new(rows, rows, 1);
        for (int round = 0; round < 80; round++)
        {
            step.Clear();
            step.SampleCount = random.Next(1, rows + 1);
            for (int i = 0; i < step.SampleCount; i++) // some rows are of an earlier round
                step.Samples[i] = Next(step, round == 0 || step.Samples[i].Params is null || random.Next(4) == 0 ? others[^random.Next(1, random.Next(2) == 0 ? 6 : 46)] : step.Samples[i], i);
            SampledToken[] expected = rig.DrawOnHost(step, logits);
            rig.Sampler.Prepare(step, round % 2);
            rig.Sampler.AskGuides();
            rig.Sampler.Enqueue(rig.Place(logits));
            rig.Device.Stream.Synchronize();
            for (int i = 0; i < step.SampleCount; i++)
            {
                SampledToken sampled = rig.Sampler.Read(round % 2, i);
                if (step.Samples[i].Params.TopLogprobs == 100) Assert.IsType<ArgumentException>(sampled.Fault);
                else CudaSamplerTests.AssertSame(expected[i], sampled, $"round {round}, row {i}: {step.Samples[i].Params}");
            }
        }

        SampleRow Next(ForwardBatch step, in SampleRow row, int i)
        {
            int[] history = [.. Enumerable.Range(0, row.HistoryLength).Select(_ => random.Next(vocabSize))];
            bool changes = random.Next(8) == 0; // with the same parameters, a guide comes or goes
            return row with { TokenRow = i, Position = row.Position + 1, HistoryStart = step.AddHistory(history), Guide = !changes ? row.Guide : row.Guide is null ? others.First(other => other.Guide is not null).Guide : null };
        }
    }

    [CudaEmulatorFact]
    public void Draw_LongHistories_GrowTheListsAndArePenalisedAsOnTheHost()
    {
        const int vocabSize = 50, rows = 70; // more rows than blocks that edit
        var random = new Random(5);
        var batch = new ForwardBatch(rows, rows, 1) { SampleCount = rows };
        for (int i = 0; i < rows; i++)
        {
            int[] history = [.. Enumerable.Range(0, i * 10).Select(_ => random.Next(vocabSize))];
            SamplingParams parameters = new() { Temperature = 0, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.01f, PresencePenalty = 0.2f, TopLogprobs = i % 2 == 0 ? 2 : null };
            batch.Samples[i] = new SampleRow(i, i, GeneratedCount: i * 7, batch.AddHistory(history), history.Length, parameters);
        }
        float[] logits = RandomStep.Logits(random, rows, vocabSize);
        using SamplerRig rig = new(vocabSize, rows);
        for (int step = 0; step < 2; step++) // the counts are zeros again after the first
        {
            SampledToken[] expected = rig.DrawOnHost(batch, logits), sampled = rig.Draw(batch, logits);
            for (int i = 0; i < rows; i++) CudaSamplerTests.AssertSame(expected[i], sampled[i], $"row {i}");
        }
    }

    [CudaEmulatorFact]
    public void Step_Warm_AllocatesNothing()
    {
        const int vocabSize = 500;
        ForwardBatch batch = RandomStep.Of(new SamplingParams { TopK = 5, LogitBias = [new(1, 1)], StopTokenIds = [4], MinTokens = 3, AllowedTokenIds = [.. Enumerable.Range(0, 300)] }, new(), SamplingParams.Greedy);
        using SamplerRig rig = new(vocabSize, 3);
        nint logits = rig.Place(RandomStep.Logits(new Random(2), 3, vocabSize));
        var sampled = new SampledToken[3];
        for (int warm = 0; warm < 3; warm++) Step();
        Assert.Equal(0, Enumerable.Range(0, 4).Min(_ => Step())); // the runtime may allocate once, as when it compiles a method anew

        long Step() => Allocated(() =>
        {
            rig.Sampler.Prepare(batch);
            rig.Sampler.AskGuides();
        }) + AllocatedReading();

        long AllocatedReading()
        {
            rig.Sampler.Enqueue(logits);
            rig.Device.Stream.Synchronize();
            long before = GC.GetAllocatedBytesForCurrentThread();
            rig.Sampler.Read(0, sampled);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static ForwardBatch Take(ForwardBatch batch, int[] rows)
    {
        var taken = new ForwardBatch(rows.Length, rows.Length, 1) { SampleCount = rows.Length };
        for (int i = 0; i < rows.Length; i++)
        {
            SampleRow row = batch.Samples[rows[i]];
            taken.Samples[i] = row with { TokenRow = i, HistoryStart = taken.AddHistory(batch.History.AsSpan(row.HistoryStart, row.HistoryLength)) };
        }
        return taken;
    }
}
