using System.Runtime.CompilerServices;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Tests;

/// <summary>The way of events from the engine's thread to readers on others.</summary>
public sealed class EventReaderTests
{
    private const int EventCount = 2000;
    private const int ReaderCount = 40;

    /// <summary>One writer, readers that now look and now wait: each gets every event once, in order, and then the end.</summary>
    [Theory]
    [InlineData(true, null)]
    [InlineData(false, null)]
    [InlineData(true, 1)]
    public async Task Events_OfManyReaders_ComeWholeAndInOrder(bool inChain, int? topLogprobs)
    {
        Source[] sources = [.. Enumerable.Range(0, ReaderCount).Select(i => new Source(i, topLogprobs, inChain))];
        Task<List<GenerationEvent>>[] readers = [.. sources.Select((source, i) => ReadAsync(source.Reader, new Random(i)))];
        await Task.Run(() => WriteAll(sources, new Random(1)));

        List<GenerationEvent>[] all = await Task.WhenAll(readers);

        for (int i = 0; i < ReaderCount; i++)
        {
            Assert.Equal(Enumerable.Range(0, EventCount).Select(number => sources[i].Token(number)), all[i].Select(one => one.Token!.Value));
            Assert.Equal(FinishReason.Length, Assert.Single(all[i], one => one.Finish is not null).Finish);
            Assert.Equal(FinishReason.Length, all[i][^1].Finish);
            await sources[i].Reader.Completion;
        }
    }

    [Fact]
    public async Task Events_EndWithoutAToken_IsAnEventOfItsOwn()
    {
        Source source = new(0, topLogprobs: null, inChain: true);

        source.Write(finish: null);
        source.WriteEnd(FinishReason.Aborted);

        Assert.True(source.Reader.TryRead(out GenerationEvent token));
        Assert.True(source.Reader.TryRead(out GenerationEvent end));
        Assert.Equal(new GenerationEvent(source.Token(0), null), token);
        Assert.Equal(new GenerationEvent(null, FinishReason.Aborted), end);
        Assert.False(source.Reader.TryRead(out _));
        Assert.False(await source.Reader.WaitToReadAsync());
    }

    /// <summary>The readers of a step are woken together; one that blocks until another has gone on must not keep that one from it.</summary>
    [Fact]
    public async Task WakeUps_AReaderBlocksOutsideTheChain_HoldsUpNoOther()
    {
        Source[] sources = [.. Enumerable.Range(0, ReaderCount).Select(i => new Source(i, topLogprobs: null, inChain: false))];
        using CountdownEvent others = new(ReaderCount - 1);
        Task[] readers = [.. sources.Select(async (source, i) =>
        {
            await source.Reader.WaitToReadAsync();
            if (i == 0) others.Wait();
            else others.Signal();
        })];

        WriteOne(sources);

        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Wait_Cancelled_EndsTheWaitAndNoEventIsLost()
    {
        Source source = new(0, topLogprobs: null, inChain: true);
        using CancellationTokenSource patience = new();

        Task<bool> wait = source.Reader.WaitToReadAsync(patience.Token).AsTask();
        Assert.False(wait.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        bool isWoken = source.Write(finish: null);

        Assert.False(isWoken); // nobody waits any more
        Assert.True(await source.Reader.WaitToReadAsync());
        Assert.True(source.Reader.TryRead(out GenerationEvent token));
        Assert.Equal(source.Token(0), token.Token);
    }

    /// <summary>A reader that waits no more, because its connection is slow, must not keep those that ended after it.</summary>
    [Fact]
    public void WakeUps_AChainThatWasWoken_HoldsNobody()
    {
        (EventReader slow, WeakReference ended) = WakeTwo();
        GC.Collect();
        Assert.False(ended.IsAlive);
        Assert.True(slow.TryRead(out _));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (EventReader First, WeakReference Second) WakeTwo()
    {
        Source[] sources = [.. Enumerable.Range(0, 2).Select(i => new Source(i, topLogprobs: null, inChain: true))];
        foreach (Source source in sources)
        {
            _ = source.Reader.WaitToReadAsync();
            Assert.True(source.Write(finish: null));
        }
        sources[0].Reader.Next = sources[1].Reader;
        sources[0].Reader.Execute();
        return (sources[0].Reader, new WeakReference(sources[1].Reader));
    }

    private static void WriteAll(Source[] sources, Random random)
    {
        for (int number = 0; number < EventCount; number++)
        {
            WriteOne(sources, number == EventCount - 1 ? FinishReason.Length : null);
            Thread.SpinWait(random.Next(200));
        }
    }

    private static void WriteOne(Source[] sources, FinishReason? finish = null)
    {
        WakeUps wakeUps = new();
        foreach (Source source in sources)
            if (source.Write(finish)) wakeUps.Add(source.Reader);
        wakeUps.Send();
    }

    private static async Task<List<GenerationEvent>> ReadAsync(EventReader reader, Random random)
    {
        List<GenerationEvent> events = [];
        while (await reader.WaitToReadAsync())
        {
            for (int most = random.Next(3); most >= 0 && reader.TryRead(out GenerationEvent item); most--) events.Add(item);
        }
        return events;
    }

    /// <summary>A sequence that says tokens of its own.</summary>
    private sealed class Source
    {
        private readonly int _seed;
        private readonly int? _topLogprobs;
        private readonly Sequence _sequence;

        public Source(int seed, int? topLogprobs, bool inChain)
        {
            (_seed, _topLogprobs) = (seed, topLogprobs);
            _sequence = new Sequence(seed, Rig.Request(3, EventCount) with { Sampling = new SamplingParams { TopLogprobs = topLogprobs } }, arrival: 0);
            Reader = new EventReader(_sequence) { GoesOnInChain = inChain };
        }

        public EventReader Reader { get; }

        public SampledToken Token(int number) => new(_seed + (7 * number), _topLogprobs is null ? 0 : -number, null);

        public bool Write(FinishReason? finish)
        {
            SampledToken token = Token(_sequence.GeneratedCount);
            _sequence.Append(token.TokenId);
            return Reader.Publish(_sequence.Announce(token, now: 0) with { Finish = finish });
        }

        public void WriteEnd(FinishReason finish) => Reader.Publish(new Outcome(_sequence, null, finish));
    }
}
