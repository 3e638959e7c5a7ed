using System.Text;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Tracing;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>A recorded trace, replayed with the same speed, gives the same schedule.</summary>
public sealed class TraceTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 200, ContextLength: 100, BlockSize: 4, BlockCount: 30);
    private static readonly TimeSpan StepTime = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Replay_RecordedTrace_GivesTheSameSchedule(int seed)
    {
        SchedulerOptions options = new() { MaxBatchTokens = 32, MaxSequences = 8 };
        Rig rig = new(Limits, options) { StepTime = StepTime };
        using MemoryStream stream = new();
        Sequence[] all = Record(rig, stream, new Random(seed), requestCount: 60, out long stepCount, out long tokenCount);

        IEnumerable<TraceEvent> trace = TraceFile.Read(Encoding.UTF8.GetString(stream.ToArray()).Split('\n'));
        TraceSummary summary = TraceReplayer.Replay(trace, Limits, options, new StepCost(StepTime, TimeSpan.Zero));

        Assert.Equal((60, stepCount, tokenCount), (summary.RequestCount, summary.StepCount, summary.TokenCount));
        Assert.Equal(rig.Scheduler.PreemptionCount, summary.PreemptionCount);
        Assert.True(summary.PreemptionCount > 0);
        Assert.Equal((double)all.Sum(sequence => sequence.CachedTokenCount) / all.Sum(sequence => sequence.PromptLength), summary.PrefixHitRate);
        Assert.True(summary.PrefixHitRate > 0);
        Assert.Equal((long)all.Average(sequence => sequence.AdmittedAt!.Value - sequence.Arrival), summary.MeanQueueTime.Ticks);
    }

    [Theory]
    [InlineData(60, 41, 30, 100, 100)]
    [InlineData(20, 22, 10, 40, 41)]
    [InlineData(41, 0, 10, 40, 41)]
    public void Replay_RequestThatIsNeverAdmitted_IsNamed(int promptLength, int maxTokens, int blockCount, int longest, int most)
    {
        TraceEvent fitting = new(Id: 1, Arrival: 0, PromptLength: 20, OutputLength: 1, MaxTokens: 21, Priority: 0, ShareKey: 0, Blocks: []);
        TraceEvent large = fitting with { Id = 7, PromptLength = promptLength, MaxTokens = maxTokens };
        TraceSummary Replay(params TraceEvent[] trace) => TraceReplayer.Replay(trace, Limits with { BlockCount = blockCount }, new SchedulerOptions(), new StepCost(StepTime, TimeSpan.Zero));

        Assert.Equal(1, Replay(fitting).RequestCount);
        Assert.Equal(
            $"Request 7 of the trace has a prompt of {promptLength} tokens and asks for {maxTokens}; the limits hold prompts of {longest}, and {most} together.",
            Assert.Throws<ArgumentException>(() => Replay(fitting, large)).Message);
    }

    /// <summary>Requests of different starts share nothing, so a schedule of all is the schedules of each, one behind the other.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Read_SeveralStartsInOneFile_AreOneRun(int seed)
    {
        using TempFolder folder = new("trace");
        string path = folder.In("trace.jsonl");
        SchedulerOptions options = new() { MaxBatchTokens = 32, MaxSequences = 8 };
        StepCost cost = new(StepTime, TimeSpan.Zero);
        List<TraceSummary> alone = [];
        for (int start = 0; start < 3; start++)
        {
            Rig rig = new(Limits, options) { StepTime = StepTime };
            rig.Clock.Advance(TimeSpan.FromHours(start)); // long after the one before has ended
            using MemoryStream own = new();
            Record(rig, own, new Random((10 * seed) + start), requestCount: 30, out _, out _);
            using (FileStream file = TraceFile.OpenAtEnd(path)) file.Write(own.ToArray());
            File.AppendAllText(path, "{\"id\":31,\"arri"); // that one was killed
            alone.Add(TraceReplayer.Replay(TraceFile.Read(Encoding.UTF8.GetString(own.ToArray()).Split('\n')), Limits, options, cost));
        }

        TraceEvent[] trace = [.. TraceFile.Read(File.ReadLines(path))];
        TraceSummary all = TraceReplayer.Replay(trace, Limits, options, cost);

        Assert.Equal(90, trace.DistinctBy(item => item.Id).Count());
        Assert.Equal((90, alone.Sum(summary => summary.StepCount), alone.Sum(summary => summary.TokenCount)), (all.RequestCount, all.StepCount, all.TokenCount));
        Assert.Equal(alone.Sum(summary => summary.PreemptionCount), all.PreemptionCount);
        Assert.InRange(all.Duration, TimeSpan.FromHours(2), TimeSpan.FromHours(2.1));
    }

    [Fact]
    public void OpenAtEnd_WhatAnotherWrites_NamesTheSettingAndTheRemedy()
    {
        using TempFolder folder = new("trace");
        string path = folder.In("trace.jsonl");
        using FileStream other = TraceFile.OpenAtEnd(path);

        Assert.Equal($"Scheduler:TracePath is '{path}', which another server writes. Name another file.", Assert.Throws<IOException>(() => TraceFile.OpenAtEnd(path)).Message);
    }

    /// <summary>What is not in the file is told of, whenever the disk is full, and why once.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(30, false)]
    [InlineData(5_000, false)]
    [InlineData(5_000, true)]
    public void Write_OnADiskThatGetsFull_EndsTheTraceAloneAndSaysSo(int room, bool isLimit)
    {
        Rig rig = new(Limits, new SchedulerOptions { MaxBatchTokens = 32, MaxSequences = 8 }) { StepTime = StepTime };
        Sequence sequence = rig.Add(RandomRequest(new Random(1)));
        while (rig.Scheduler.HasWork) rig.Step();
        FullDisk disk = new(room, isLimit ? new ArgumentOutOfRangeException() : new IOException());
        List<Exception> told = [];
        int lost = 0;

        using (TraceWriter writer = new(new BufferedStream(disk), Limits, rig.Clock, told.Add, () => lost++))
            for (int i = 0; i < 200; i++) writer.Write(sequence);
        int recorded = TraceFile.Read(Encoding.UTF8.GetString(disk.ToArray()).Split('\n')).Count();

        Assert.Single(told);
        Assert.Equal(200 - recorded, lost);
        Assert.Equal(room > 1000, recorded > 0);
    }

    [Fact]
    public void Write_OnADiskThatHangs_HoldsUpNobodyAndLosesWhatNoLongerFits()
    {
        using HangingDisk disk = new();
        Sequence sequence = new(1, Rig.Request(9, maxTokens: 1), arrival: 0);
        int lost = 0;

        using (TraceWriter writer = new(disk, Limits, new ManualClock(), onLost: () => lost++))
        {
            for (int i = 0; i < TraceWriter.Capacity + 2; i++) writer.Write(sequence); // the start's line hangs, so that none is taken from the queue
            Assert.Equal(2, lost);
            disk.GoOn();
        }

        Assert.Equal(TraceWriter.Capacity, TraceFile.Read(Encoding.UTF8.GetString(disk.ToArray()).Split('\n')).Count());
        Assert.Equal(2, lost);
    }

    private static Sequence[] Record(Rig rig, Stream stream, Random random, int requestCount, out long stepCount, out long tokenCount)
    {
        using TraceWriter writer = new(stream, Limits, rig.Clock);
        HashSet<Sequence> written = [];
        List<Sequence> all = [];
        (stepCount, tokenCount) = (0, 0);
        while (all.Count < requestCount || rig.Scheduler.HasWork)
        {
            if (all.Count < requestCount) all.AddRange(rig.AddGroup(RandomGroup(random, requestCount - all.Count)));
            if (all.Count < requestCount && random.Next(3) == 0) all.Add(rig.Add(RandomRequest(random)));
            tokenCount += rig.Step().Sum(row => row.TokenCount);
            stepCount++;
            foreach (Sequence ended in all.Where(sequence => rig.EndingOf(sequence) is not null && written.Add(sequence))) writer.Write(ended);
        }
        return [.. all];
    }

    private sealed class FullDisk(int room, Exception fault) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            int fits = (int)Math.Min(count, room - Length);
            base.Write(buffer, offset, fits);
            if (fits < count) throw fault;
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);
    }

    /// <summary>Hangs until told, and lets nobody wait who makes it.</summary>
    private sealed class HangingDisk : MemoryStream
    {
        private readonly ManualResetEventSlim _mayWrite = new();
        private readonly int _maker = Environment.CurrentManagedThreadId;

        public void GoOn() => _mayWrite.Set();

        public override void Write(byte[] buffer, int offset, int count)
        {
            Assert.NotEqual(_maker, Environment.CurrentManagedThreadId);
            _mayWrite.Wait();
            base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);
    }

    private static GenerationRequest[] RandomGroup(Random random, int mostCount)
    {
        GenerationRequest request = RandomRequest(random);
        int count = random.Next(5) == 0 ? Math.Min(random.Next(1, 5), mostCount) : 1;
        return [.. Enumerable.Range(0, count).Select(i => request with { Sampling = new SamplingParams { Seed = (ulong)i } })];
    }

    private static GenerationRequest RandomRequest(Random random)
    {
        int stemLength = random.Next(20);
        return Rig.Request(1, maxTokens: random.Next(1, 40)) with
        {
            PromptTokenIds = [.. Enumerable.Range(50 * random.Next(3), stemLength), .. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(200))],
            Priority = random.Next(2),
            ShareKey = random.Next(2),
        };
    }
}
