using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tests;

/// <summary>Who is admitted next when keys compete: deficit round robin in tokens.</summary>
public sealed class FairnessTests
{
    [Fact]
    public void OneKey_IsServedInOrderOfArrival()
    {
        Rig rig = OneAtATime();
        Sequence[] all = [.. Enumerable.Range(1, 5).Select(length => rig.Add(Rig.Request(10 * length, maxTokens: 1)))];
        Assert.Equal(all, ServedUntilIdle(rig));
    }

    [Fact]
    public void ManyRequestsOfOneKey_DoNotHoldUpAnother()
    {
        Rig rig = OneAtATime();
        for (int i = 0; i < 20; i++) rig.Add(Rig.Request(20, maxTokens: 1) with { ShareKey = 1 });
        Sequence lone = rig.Add(Rig.Request(20, maxTokens: 1) with { ShareKey = 2 });
        Assert.InRange(ServedUntilIdle(rig).IndexOf(lone), 0, 3);
    }

    [Fact]
    public void LongAndShortRequests_GetEqualTokens()
    {
        Rig rig = OneAtATime();
        for (int i = 0; i < 20; i++) rig.Add(Rig.Request(80, maxTokens: 1) with { ShareKey = 1 });
        for (int i = 0; i < 160; i++) rig.Add(Rig.Request(10, maxTokens: 1) with { ShareKey = 2 });
        int[] tokens = new int[3];
        foreach (Sequence sequence in ServedUntilIdle(rig).Take(90)) tokens[sequence.Request.ShareKey] += sequence.PromptLength + 1;
        Assert.InRange(tokens[1] - tokens[2], -162, 162); // two of the longest requests
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 1)]
    [InlineData(10, 3)]
    public void Weights_UnderSaturation_DivideTheTokens(int heavy, int light)
    {
        Rig rig = new(new(VocabSize: 1000, ContextLength: 100, BlockSize: 4, BlockCount: 100), new SchedulerOptions { MaxSequences = 4, PrefixCache = false });
        Random random = new(heavy);
        for (int i = 0; i < 3000; i++)
        {
            bool isHeavy = i % 2 == 0;
            rig.Add(Rig.Request(random.Next(5, 60), maxTokens: random.Next(1, 30)) with { ShareKey = isHeavy ? 1 : 2, ShareWeight = isHeavy && i > 0 ? heavy : light }); // a weight may change: the latest counts
        }
        long[] tokens = new long[3];
        while (tokens[1] + tokens[2] < 30_000)
            foreach (Rig.Row row in rig.Step()) tokens[row.Sequence.Request.ShareKey] += row.TokenCount;
        double expected = (double)heavy / light;
        Assert.InRange((double)tokens[1] / tokens[2], 0.95 * expected, 1.05 * expected);
    }

    [Fact]
    public void FloodOfAHeavyKey_DoesNotHoldUpALightOnesSingleRequest()
    {
        Rig rig = new(new(VocabSize: 1000, ContextLength: 100, BlockSize: 4, BlockCount: 100), new SchedulerOptions { MaxSequences = 4, PrefixCache = false });
        for (int i = 0; i < 500; i++) rig.Add(Rig.Request(30, maxTokens: 10) with { ShareKey = 1, ShareWeight = 3 });
        for (int i = 0; i < 7; i++) rig.Step();
        Sequence lone = rig.Add(Rig.Request(30, maxTokens: 10) with { ShareKey = 2 });
        int stepCount = 0;
        for (; lone.AdmittedAt is null; stepCount++) rig.Step();
        Assert.InRange(stepCount, 0, 60); // of the 1,400 that the flood takes: what a share of 3 to 1 leaves before it, four at a time
    }

    [Fact]
    public void TokensAskedForAndNotGenerated_AreGivenBack()
    {
        // Both keys use ten tokens of output, but the first asks for two hundred each time.
        Rig rig = new(new(VocabSize: 1000, ContextLength: 400, BlockSize: 4, BlockCount: 100), new SchedulerOptions { MaxSequences = 1 }, new() { StopAfter = 9 });
        for (int i = 0; i < 600; i++) rig.Add(Stopping(Rig.Request(10, maxTokens: i % 2 == 0 ? 200 : 10) with { ShareKey = 1 + (i % 2) }));
        int[] served = new int[3];
        foreach (Sequence sequence in ServedUntilIdle(rig).Take(300)) served[sequence.Request.ShareKey]++;
        Assert.InRange(served[1], 120, 180); // as many, but for a turn
    }

    [Fact]
    public void PrioritiesComeBeforeShares()
    {
        Rig rig = OneAtATime();
        Sequence[] late = [.. Enumerable.Range(0, 3).Select(key => rig.Add(Rig.Request(10, maxTokens: 1) with { ShareKey = key, Priority = 1 }))];
        Sequence[] soon = [.. Enumerable.Range(0, 3).Select(_ => rig.Add(Rig.Request(10, maxTokens: 1) with { ShareKey = 7 }))];
        List<Sequence> served = ServedUntilIdle(rig);
        Assert.Equal(soon, served.Take(3));
        Assert.Equivalent(late, served.Skip(3));
    }

    private static Rig OneAtATime() =>
        new(new(VocabSize: 1000, ContextLength: 100, BlockSize: 4, BlockCount: 25), new SchedulerOptions { MaxSequences = 1, PrefixCache = false });

    private static GenerationRequest Stopping(GenerationRequest request) => request with { Sampling = new() { StopTokenIds = [2] } };

    private static List<Sequence> ServedUntilIdle(Rig rig)
    {
        List<Sequence> served = [];
        while (rig.Scheduler.HasWork)
        {
            Sequence sequence = rig.Step().Single().Sequence;
            if (served.Count == 0 || served[^1] != sequence) served.Add(sequence);
        }
        return served;
    }
}
