using Llama.Model;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>What those see who look at the engine: true at every moment, and made only when they look.</summary>
public sealed class FrameTests
{
    [Fact]
    public async Task Frame_AfterAnyStepOfARandomWalk_IsWhatThePoolAndTheSequencesAre()
    {
        int sharedCount = 0, groupedCount = 0, preemptedCount = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            Rig rig = Rig.WithBlocks(random.Next(8, 40), new SchedulerOptions { MaxBatchTokens = random.Next(4, 40), MaxSequences = 6 });
            Watched watched = new(rig);
            for (int step = 0; step < 60; step++)
            {
                if (random.Next(3) == 0) rig.AddGroup([.. Enumerable.Repeat(Rig.Request(random.Next(1, 20), random.Next(1, 12), firstToken: random.Next(2)), random.Next(1, 4))]);
                rig.Step();
                EngineFrame frame = await watched.LookAsync();
                CheckCounts(rig, frame);
                CheckMap(frame, mostCells: random.Next(1, 50));
                sharedCount += BlockMap.Of(frame, 100).Cells.Sum(cells => cells.CellCount * cells.SharedCount);
                groupedCount += BlockMap.Of(frame, 4).BlocksPerCell > 1 ? 1 : 0;
                preemptedCount += frame.Sequences.Count(row => row.Phase == SequencePhase.Preempted);
            }
        }
        Assert.True(sharedCount > 100 && groupedCount > 100 && preemptedCount > 20, $"{sharedCount} shared blocks, {groupedCount} grouped maps, {preemptedCount} preempted rows");
    }

    [Fact]
    public async Task Engine_LookedAt_TellsOfItsStepsSinceTheLookBefore()
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 64, BlockSize: 4, BlockCount: 64);
        object origin = new();
        await using Engine engine = new(() => new FakeModelRunner(limits, new FakeModel { VocabSize = 1000 }), new SchedulerOptions(), TimeProvider.System);
        EngineFrame first = (await engine.LookAsync(CancellationToken.None))!;
        Assert.True(engine.TrySubmit(Rig.Request(21, maxTokens: 7) with { Origin = origin }, out Generation? generation, out _));
        int tokenCount = 0;
        await foreach (GenerationEvent each in generation.Events.ReadAllAsync()) tokenCount += each.Token is null ? 0 : 1;

        EngineFrame frame = (await engine.LookAsync(CancellationToken.None))!;

        Assert.Empty(first.Steps);
        Assert.Equal(21, frame.Steps.Sum(step => step.PromptTokens));
        Assert.Equal(tokenCount - 1, frame.Steps.Sum(step => step.DecodeTokens)); // the first is drawn behind the prompt
        Assert.Equal((21, tokenCount, 1), ((int)frame.Totals.PromptTokens, (int)frame.Totals.GeneratedTokens, (int)frame.Totals.EndedCount));
        Assert.Empty(frame.Sequences);
        Assert.Empty((await engine.LookAsync(CancellationToken.None))!.Steps);
    }

    [Fact]
    public async Task Engine_ThatHasEnded_HasNoFrame()
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 64, BlockSize: 4, BlockCount: 64);
        Engine engine = new(() => new FakeModelRunner(limits, new FakeModel { VocabSize = 1000 }), new SchedulerOptions(), TimeProvider.System);
        await engine.Loaded;
        await engine.DisposeAsync();

        Assert.Null(await engine.LookAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Look_WhileTheModelIsLoaded_WaitsForIt()
    {
        using ManualResetEventSlim loaded = new();
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 64, BlockSize: 4, BlockCount: 64);
        await using Engine engine = new(Load, new SchedulerOptions(), TimeProvider.System);
        Task<EngineFrame?> look = engine.LookAsync(CancellationToken.None);
        using CancellationTokenSource impatient = new();
        Task<EngineFrame?> given = engine.LookAsync(impatient.Token);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.False(look.IsCompleted);
        loaded.Set();

        Assert.Equal(0, (await look)!.Counts.RunningCount);

        FakeModelRunner Load()
        {
            loaded.Wait();
            return new FakeModelRunner(limits, new FakeModel { VocabSize = 1000 });
        }
    }

    private static void CheckCounts(Rig rig, EngineFrame frame)
    {
        Sequence[] live = [.. rig.Scheduler.Live];
        Assert.Equal(live.Select(sequence => sequence.Id), frame.Sequences.Select(row => row.Id));
        foreach ((Sequence sequence, SequenceRow row) in live.Zip(frame.Sequences))
        {
            Assert.Equal((sequence.PromptLength, sequence.ComputedCount, sequence.GeneratedCount), (row.PromptTokens, row.ComputedTokens, row.GeneratedTokens));
            Assert.Equal(sequence.State == SequenceState.Running, row.Phase is SequencePhase.Prefilling or SequencePhase.Decoding);
        }
    }

    /// <summary>Against each cell counted anew from the block tables.</summary>
    private static void CheckMap(EngineFrame frame, int mostCells)
    {
        BlockMap map = BlockMap.Of(frame, mostCells);
        BlockCells[] cells = [.. map.Cells.SelectMany(run => Enumerable.Repeat(run, run.CellCount))];
        Assert.True(cells.Length <= mostCells && cells.Length * map.BlocksPerCell >= frame.Pool.TouchedCount);
        Assert.Equal((frame.Counts.UsedBlockCount, frame.Counts.CachedBlockCount), (cells.Sum(cell => cell.HeldCount), cells.Sum(cell => cell.CachedCount)));
        for (int i = 0; i < cells.Length; i++)
        {
            int[][] tables = [.. frame.Sequences.Select(row => row.BlockIds.Where(id => id / map.BlocksPerCell == i).ToArray())];
            int[] holders = [.. Enumerable.Range(0, tables.Length).Where(place => tables[place].Length > 0)];
            Assert.Equal(tables.SelectMany(ids => ids).Distinct().Count(), cells[i].HeldCount);
            Assert.Equal(tables.SelectMany(ids => ids).GroupBy(id => id).Count(ids => ids.Count() > 1), cells[i].SharedCount);
            Assert.Equal(holders.Length, cells[i].HolderCount);
            Assert.Equal(holders.Take(8), cells[i].Holders);
        }
    }

    /// <summary>Looks at a rig between its steps.</summary>
    private sealed class Watched(Rig rig)
    {
        private readonly Lookout _lookout = new(rig.Clock);
        private readonly EngineCounters _counters = new(new Backlog(1000));

        public async Task<EngineFrame> LookAsync()
        {
            Task<EngineFrame?> look = _lookout.Ask();
            _counters.Publish(rig.Scheduler, stepCount: 0);
            _lookout.Answer(rig.Scheduler, _counters);
            return (await look)!;
        }
    }
}
