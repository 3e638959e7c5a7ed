using System.Diagnostics;
using System.Globalization;
using Llama.Model.Kernels;
using Llama.Model.Threads;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that the threads which multiply with them read from the files piece by piece, each into a little memory of its own that stays in its cache: the way to memory has each byte once, where buffers would
/// have it three times. For files that the system's cache holds; nothing is read ahead.
/// </summary>
internal sealed unsafe class PieceStream : WeightStream
{
    private readonly HostUnits _units;
    private readonly PieceMemory _memory;
    private readonly Dictionary<string, PieceReader> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Weight> _views = new(StringComparer.Ordinal);

    /// <param name="units">What streams. Taken over.</param>
    /// <param name="plan">Which of them stream; the memory takes no more than its buffers would.</param>
    public PieceStream(HostUnits units, OffloadPlan plan) : base(plan, isWaitedFor: true)
    {
        _units = units;
        units.Open(pastCache: false);
        _memory = new PieceMemory(units.Units.SelectMany(unit => unit.Weights).Max(weight => weight.PieceBytes(1)), OffloadPlan.Buffers * plan.BufferBytes);
        foreach ((string name, StoredWeight weight) in units.Units.SelectMany(unit => unit.Names.Zip(unit.Weights)))
        {
            _readers[name] = new PieceReader(weight, _memory);
            _views[name] = weight.On(null, _readers[name]);
        }
        Medium = string.Create(CultureInfo.InvariantCulture, $"from the file by the {_memory.ThreadCount} threads that multiply with them");
    }

    public override string Medium { get; }

    public override Weight Table => _units.Table;

    public override Weight View(string name, int place) => place == Own ? _units.Kept(name) : _views[name];

    public override void Bring(ForwardBatch batch) => _units.Bring(batch);

    public override int Use(int unit)
    {
        if (IsThere(unit, out int place)) return place;
        Traffic.Add(BytesOf(unit), _memory.TakeTicks()); // of what came before it
        return 0;
    }

    public override StreamRate? Measure(TimeSpan most)
    {
        if (Coming.Length == 0) return null;
        int units = Read(Coming.Length, most, isSingle: false, out _);
        Read(units, most, isSingle: false, out double perByte);
        Read(units, most, isSingle: true, out double singlePerByte);
        _memory.TakeTicks(); // which no step waited for
        return new StreamRate(StepBytes, perByte * StepBytes, singlePerByte * StepBytes);
    }

    public override void Dispose()
    {
        foreach (Weight view in _views.Values) view.Dispose();
        foreach (PieceReader reader in _readers.Values) reader.Dispose();
        _memory.Dispose();
        _units.Dispose();
    }

    protected override long BytesOf(int unit) => _units.Units[unit].FileBytes;

    protected override long MemoryOf(int unit) => _units.Units[unit].MemoryBytes;

    protected override void Fill(int unit) => _units.Keep(unit);

    protected override void Empty(int unit) => _units.LetGo(unit);

    private int Read(int count, TimeSpan most, bool isSingle, out double secondsPerByte)
    {
        long start = Stopwatch.GetTimestamp(), bytes = 0;
        int units = 0;
        for (; units < count && (units == 0 || Stopwatch.GetElapsedTime(start) < most); units++)
        {
            bytes += BytesOf(Coming[units]);
            foreach (string name in _units.Units[Coming[units]].Names) Read(_readers[name], isSingle);
        }
        secondsPerByte = Stopwatch.GetElapsedTime(start).TotalSeconds / bytes;
        return units;
    }

    private static void Read(PieceReader reader, bool isSingle)
    {
        int rows = reader.CachedRows, pieces = (reader.Rows + rows - 1) / rows;
        ParallelFor.Each(pieces, isSingle ? pieces : 1, piece => reader.Read((int)piece * rows, Math.Min(rows, reader.Rows - (int)piece * rows)));
    }
}
