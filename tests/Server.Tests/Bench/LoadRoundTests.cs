using Llama.Server.Bench.Load;

namespace Llama.Server.Tests.Bench;

public sealed class LoadRoundTests
{
    [Fact]
    public void Poisson_AnyRate_HasExponentialGaps()
    {
        TimeSpan[] times = Arrivals.Poisson(rate: 4, count: 20_001, seed: 3);
        double[] gaps = [.. times.Zip(times[1..], (a, b) => (b - a).TotalSeconds)];

        Assert.Equal(TimeSpan.Zero, times[0]);
        Assert.All(gaps, gap => Assert.True(gap >= 0));
        Assert.Equal(0.25, gaps.Average(), 0.005);
        Assert.Equal(Math.Exp(-1), gaps.Count(gap => gap > 0.25) / 20_000.0, 0.01); // P(gap > mean) = 1/e
        Assert.Equal(times, Arrivals.Poisson(4, 20_001, seed: 3));
        Assert.NotEqual(times, Arrivals.Poisson(4, 20_001, seed: 4));
        Assert.All(Arrivals.Poisson(double.PositiveInfinity, 10, seed: 3), time => Assert.Equal(TimeSpan.Zero, time));
    }

    [Fact]
    public async Task RunAsync_OpenLoop_SendsAtTheArrivalsWithoutWaitingForAnswers()
    {
        var clock = new InstantClock();
        List<TimeSpan> sent = [];
        var unanswered = new TaskCompletionSource<RequestOutcome>();

        Task<LoadRound> round = LoadRound.RunAsync(Requests(50), new LoadShape(null, 4), seed: 5, (_, _) =>
        {
            sent.Add(clock.GetElapsedTime(0));
            return unanswered.Task;
        }, clock, CancellationToken.None);

        Assert.Equal(50, sent.Count); // before the first answer
        Assert.All(Arrivals.Poisson(4, 50, seed: 5).Zip(sent), time => Assert.InRange(time.Second - time.First, TimeSpan.Zero, TimeSpan.FromMilliseconds(1))); // a timer's grain
        unanswered.SetResult(Completed);
        Assert.Equal(50, (await round).Outcomes.Count);
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(7, 20)]
    [InlineData(30, 20)]
    public async Task RunAsync_ClosedLoop_KeepsSoManyStreamsBusyAndSendsEachRequestOnce(int streams, int count)
    {
        int running = 0, most = 0;
        List<string> sent = [];
        var full = new TaskCompletionSource();

        LoadRound round = await LoadRound.RunAsync(Requests(count), new LoadShape(streams, null), seed: 1, async (request, _) =>
        {
            lock (sent)
            {
                sent.Add(request.Prompt);
                most = Math.Max(most, ++running);
                if (running == Math.Min(streams, count)) full.TrySetResult();
            }
            await full.Task; // nobody answers before all streams have sent
            await Task.Yield();
            lock (sent) running--;
            return Completed;
        }, TimeProvider.System, CancellationToken.None);

        Assert.Equal(Math.Min(streams, count), most);
        Assert.Equal(Requests(count).Select(request => request.Prompt).Order(), sent.Order());
        Assert.Equal(count, round.Completed.Count());
    }

    [Theory]
    [InlineData(2, null)]
    [InlineData(null, 1.0)]
    public async Task RunAsync_Cancelled_SendsNoMoreAndKeepsWhatThereIs(int? streams, double? rate)
    {
        using var stop = new CancellationTokenSource();
        int sent = 0;

        LoadRound round = await LoadRound.RunAsync(Requests(100), new LoadShape(streams, rate), seed: 1, async (_, cancellation) =>
        {
            if (Interlocked.Increment(ref sent) == 2) await stop.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Completed with { Kind = OutcomeKind.Interrupted };
        }, new InstantClock(), stop.Token);

        Assert.Equal((2, 2), (sent, round.Outcomes.Count));
    }

    private static RequestOutcome Completed => new() { Kind = OutcomeKind.Completed };

    private static LoadRequest[] Requests(int count) => [.. Enumerable.Range(0, count).Select(i => new LoadRequest($"{i}", 1))];
}
