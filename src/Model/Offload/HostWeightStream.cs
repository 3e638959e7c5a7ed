using System.Globalization;
using System.Runtime.InteropServices;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that threads of their own read from the files into two buffers while others compute: where reading leaves those time, as from a disk. They are read rather than mapped: pages of a mapped file count as the
/// process's own as long as it may touch them, are small, and are no faster to come by (tests/Bench/NOTES.md).
/// </summary>
internal sealed unsafe class HostWeightStream : BufferedWeightStream
{
    private const int CoresPerReader = 8, MostReaders = 4;

    private readonly HostUnits _units;
    private readonly WeightReader[] _readers;
    private readonly StoredPiece[][] _pieces; // [units] in the order in which they are read
    private readonly nint[] _buffers;
    private readonly Dictionary<string, Weight>[] _views; // [buffers]

    /// <summary>Allocates the buffers and begins to fill them.</summary>
    /// <param name="units">What streams. Taken over.</param>
    /// <param name="plan">Which of them stream.</param>
    /// <param name="pastCache">Whether to read past the system's cache where it lets us.</param>
    public HostWeightStream(HostUnits units, OffloadPlan plan, bool pastCache) : base(plan, isWaitedFor: true)
    {
        _units = units;
        bool isPastCache = units.Open(pastCache);
        long bufferBytes = units.Units.Max(unit => unit.MemoryBytes);
        _buffers = [.. Enumerable.Range(0, OffloadPlan.Buffers).Select(_ => HostUnits.Allocate(bufferBytes))];
        foreach (nint buffer in _buffers) NativeMemory.Clear((void*)buffer, (nuint)bufferBytes); // takes its memory now, not when the largest unit comes
        _views = [.. _buffers.Select(Views)];
        _pieces = [.. units.Units.Select(unit => unit.Pieces().ToArray())];
        int readers = Math.Clamp(Environment.ProcessorCount / CoresPerReader, 1, MostReaders);
        _readers = [.. Enumerable.Range(0, readers).Select(reader => new WeightReader((load, stage) => Read(load, reader, readers, stage)))];
        Medium = string.Create(CultureInfo.InvariantCulture, $"through {OffloadPlan.Buffers} buffers of {MemorySize.Mebibytes(bufferBytes)}, from the file by {readers} {(readers == 1 ? "thread" : "threads")}{(isPastCache ? ", past the system's cache" : "")}");
    }

    public override string Medium { get; }

    public override Weight Table => _units.Table;

    public override Weight View(string name, int place) => place == Own ? _units.Kept(name) : _views[place][name];

    public override void Bring(ForwardBatch batch) => _units.Bring(batch);

    public override void Dispose()
    {
        foreach (WeightReader reader in _readers) reader.Dispose();
        foreach (Weight view in _views.SelectMany(views => views.Values)) view.Dispose();
        foreach (nint buffer in _buffers) NativeMemory.AlignedFree((void*)buffer);
        _units.Dispose();
    }

    protected override void Await(long load)
    {
        foreach (WeightReader reader in _readers) reader.WaitFor(load);
    }

    protected override void Release(long load)
    {
        foreach (WeightReader reader in _readers) reader.Release();
    }

    protected override long BytesOf(int unit) => _units.Units[unit].FileBytes;

    protected override long MemoryOf(int unit) => _units.Units[unit].MemoryBytes;

    protected override void Fill(int unit) => _units.Keep(unit);

    protected override void Empty(int unit) => _units.LetGo(unit);

    private Dictionary<string, Weight> Views(nint buffer)
    {
        Dictionary<string, Weight> views = new(StringComparer.Ordinal);
        foreach (StoredUnit unit in _units.Units) unit.LayOn(buffer, views);
        return views;
    }

    private void Read(long load, int reader, int readers, StageMemory stage)
    {
        StoredPiece[] pieces = _pieces[UnitOf(load)];
        for (int i = reader; i < pieces.Length; i += readers) pieces[i].Read(_views[load % OffloadPlan.Buffers], stage);
    }
}
