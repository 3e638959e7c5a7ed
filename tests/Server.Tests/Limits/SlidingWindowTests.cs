using Llama.Server.Limits;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Limits;

/// <summary>The laws of a limit per minute, against a plain list of everything that was let in.</summary>
public sealed class SlidingWindowTests
{
    [Theory]
    [InlineData(1, 5, 1)]
    [InlineData(2, 60, 1)]
    [InlineData(3, 1000, 90)]
    [InlineData(4, 40, 40)]
    public async Task Enter_RandomArrivals_KeepsToTheLimitInEveryMinuteAndRefusesNobodyForNothing(int seed, int limit, int mostTokens)
    {
        var clock = new ManualClock();
        var limits = new LocalLimits(clock);
        var random = new Random(seed);
        List<(double At, int Tokens)> entered = [];
        double now = 0;
        for (int i = 0; i < 5000; i++)
        {
            double step = random.Next(10) == 0 ? random.Next(0, 40_000) : random.Next(0, 300);
            clock.Advance(TimeSpan.FromMilliseconds(step));
            now += step;
            int tokens = random.Next(1, mostTokens + 1);
            LimitDecision decision = await limits.EnterAsync(new LimitAsk("one", new LimitRules(null, limit, null), tokens));
            int within = entered.Where(one => one.At > now - 60_000).Sum(one => one.Tokens);
            int lingering = entered.Where(one => one.At > now - 60_100).Sum(one => one.Tokens);
            if (decision.Denial is null)
            {
                entered.Add((now, tokens));
                Assert.InRange(within + tokens, 0, limit);
            }
            else
            {
                Assert.True(lingering + tokens > limit, "It was refused although it fits.");
                Assert.InRange(decision.Reading.TokensWait, 1, 60_100);
            }
        }
        Assert.InRange(entered.Count, 100, 5000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(1000)]
    public async Task Enter_WhoeverAlwaysAsksForMore_GetsAlmostAllOfTheLimit(int limit)
    {
        const int Minutes = 10;
        var clock = new ManualClock();
        var limits = new LocalLimits(clock);
        var random = new Random(6);
        long now = 0;
        for (int entered = 0; entered <= Minutes * limit;)
        {
            if ((await limits.EnterAsync(new LimitAsk("one", new LimitRules(limit, null, null), 1))).Denial is null)
            {
                entered++;
                continue;
            }
            int step = random.Next(1, 10);
            clock.Advance(TimeSpan.FromMilliseconds(step));
            now += step;
        }
        Assert.InRange(now / 60_000.0, Minutes, Minutes / 0.998);
    }

    [Fact]
    public async Task Enter_AfterTheWaitItWasTold_Fits()
    {
        var clock = new ManualClock();
        var limits = new LocalLimits(clock);
        var random = new Random(5);
        var rules = new LimitRules(8, 300, null);
        for (int i = 0; i < 500; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, 4000)));
            var ask = new LimitAsk("one", rules, random.Next(1, 120));
            LimitDecision decision = await limits.EnterAsync(ask);
            if (decision.Denial is null)
                continue;
            long wait = Math.Max(decision.Reading.RequestsWait, decision.Reading.TokensWait);
            clock.Advance(TimeSpan.FromMilliseconds(wait - SlidingWindow.SlotMilliseconds));
            Assert.NotNull((await limits.EnterAsync(ask)).Denial);
            clock.Advance(TimeSpan.FromMilliseconds(SlidingWindow.SlotMilliseconds));
            Assert.Null((await limits.EnterAsync(ask)).Denial);
        }
    }

    [Fact]
    public async Task Enter_ManyThreads_LetsInExactlyTheLimit()
    {
        var limits = new LocalLimits(TimeProvider.System);
        int entered = 0;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                if ((await limits.EnterAsync(new LimitAsk("one", new LimitRules(1000, null, null), 1))).Denial is null)
                    Interlocked.Increment(ref entered);
            }
        })));
        Assert.Equal(1000, entered);
    }

    [Fact]
    public async Task Enter_CallersThatWentAway_AreForgotten()
    {
        var clock = new ManualClock();
        var limits = new LocalLimits(clock);
        for (int i = 0; i < 1000; i++)
            (await limits.EnterAsync(new LimitAsk($"caller {i}", new LimitRules(10, null, 1), 1))).Settle!(1, true);
        LimitDecision running = await limits.EnterAsync(new LimitAsk("running", new LimitRules(10, null, 1), 1));
        clock.Advance(TimeSpan.FromMinutes(2));
        await limits.EnterAsync(new LimitAsk("new", new LimitRules(10, null, 1), 1));

        Assert.Equal(2, limits.CallerCount);
        running.Settle!(1, true);
    }

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(120, "120ms")]
    [InlineData(999.2, "1s")]
    [InlineData(1000, "1s")]
    [InlineData(1250, "1.25s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(360_000, "6m0s")]
    [InlineData(59_940, "59.94s")]
    [InlineData(3_661_500, "1h1m1.5s")]
    public void Write_Durations_AreOpenAIs(double milliseconds, string expected) => Assert.Equal(expected, ResetDuration.Write(TimeSpan.FromMilliseconds(milliseconds)));
}
