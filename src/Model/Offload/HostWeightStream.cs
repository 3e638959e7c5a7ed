using System.Globalization;
using System.Runtime.InteropServices;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>
/// Weights that a processor's threads read from their files into two buffers while others compute. They are read rather than mapped: pages of a mapped file count as the process's own as long as it
/// may touch them, are small, and are no faster to come by (tests/Bench/NOTES.md).
/// </summary>
internal sealed unsafe class HostWeightStream : WeightStream
{
    private const int PieceBytes = 2 << 20, CoresPerReader = 8, MostReaders = 4;
    private const int HugePageBytes = PageAdvice.HugePageBytes;

    private readonly WeightReader[] _readers;
    private readonly IReadOnlyList<string>[] _names; // [units]
    private readonly StoredWeight[][] _stored; // [units]; none of those that do not stream
    private readonly long[] _bytes; // [units] in the file
    private readonly Piece[][] _pieces; // [units] in the order in which they are read
    private readonly nint[] _buffers;
    private readonly nint[] _own; // [units] memory of those that are kept, or once were
    private readonly Dictionary<string, Weight>[] _views; // [places]
    private readonly RowTable? _table;
    private readonly StageMemory _stage = new(); // of the thread that keeps units

    /// <summary>Allocates the buffers and begins to fill them.</summary>
    /// <param name="source">Of the weights; must live longer.</param>
    /// <param name="units">All that there are.</param>
    /// <param name="plan">Which of them stream.</param>
    /// <param name="dtype">Of what is not in codes.</param>
    /// <param name="tableRows">Most rows of the embedding that are kept; 0 where there is no embedding.</param>
    /// <param name="pastCache">Whether to read past the system's cache where it lets us; null decides by what is free.</param>
    /// <exception cref="ArgumentException">A weight cannot be read so; with the remedy.</exception>
    public HostWeightStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows, bool? pastCache = null) : base(plan, isWaitedFor: true)
    {
        _names = [.. units.Select(unit => unit.Names)];
        _stored = [.. units.Select((unit, index) => Holds(index) ? unit.Names.Select(name => source.Stored(name, dtype)).ToArray() : [])];
        _bytes = [.. _stored.Select(FileBytes)];
        if (tableRows > 0) _table = new RowTable(source.Stored(CheckpointLayout.Embedding, dtype), tableRows);
        bool isPastCache = pastCache ?? 2 * _bytes.Sum() > HostMemory.Instance.FreeBytes(); // it would push out of the cache what is needed next, round and round
        foreach (StoredFile file in _stored.SelectMany(unit => unit).SelectMany(weight => weight.Ranges).Select(range => range.File).Distinct()) file.Open(isPastCache);
        long bufferBytes = _stored.Max(MemoryOf);
        _buffers = [.. Enumerable.Range(0, OffloadPlan.Buffers).Select(_ => Allocate(bufferBytes))];
        foreach (nint buffer in _buffers) NativeMemory.Clear((void*)buffer, (nuint)bufferBytes); // takes its memory now, not when the largest unit comes
        _own = new nint[units.Count];
        _views = [.. Enumerable.Range(0, PlaceCount).Select(_ => new Dictionary<string, Weight>(StringComparer.Ordinal))];
        _pieces = [.. units.Select((_, unit) => Lay(_names[unit], _stored[unit]))];
        int readers = Math.Clamp(Environment.ProcessorCount / CoresPerReader, 1, MostReaders);
        _readers = [.. Enumerable.Range(0, readers).Select(reader => new WeightReader((load, stage) => Read(load, reader, readers, stage)))];
        StoredFile first = _stored.First(unit => unit.Length > 0)[0].Ranges[0].File;
        Medium = string.Create(CultureInfo.InvariantCulture, $"from the file by {readers} {(readers == 1 ? "thread" : "threads")}{(first.IsPastCache ? ", past the system's cache" : "")}");
    }

    public override string Medium { get; }

    public override Weight Table => _table!.Weight;

    public override Weight View(string name, int place) => _views[place][name];

    public override void Bring(ForwardBatch batch) => _table!.Bring(batch.TokenIds.AsSpan(0, batch.TokenCount));

    public override void Dispose()
    {
        foreach (WeightReader reader in _readers) reader.Dispose();
        foreach (Weight view in _views.SelectMany(views => views.Values)) view.Dispose();
        foreach (nint memory in (nint[])[.. _buffers, .. _own]) NativeMemory.AlignedFree((void*)memory);
        _table?.Dispose();
    }

    protected override void Await(long load)
    {
        foreach (WeightReader reader in _readers) reader.WaitFor(load);
    }

    protected override void Release(long load)
    {
        foreach (WeightReader reader in _readers) reader.Release();
    }

    protected override long BytesOf(int unit) => _bytes[unit];

    protected override long MemoryOf(int unit) => MemoryOf(_stored[unit]);

    protected override void Fill(int unit)
    {
        if (_own[unit] == 0)
        {
            _own[unit] = Allocate(MemoryOf(unit));
            LayOn(_names[unit], _stored[unit], _own[unit], Own);
        }
        try
        {
            foreach (Piece piece in _pieces[unit]) piece.Weight.Read(_views[Own][piece.Name], piece.First, piece.Count, _stage);
        }
        catch (Exception e) when (e is CheckpointException or IOException)
        {
            throw new RunnerLostException($"The weights cannot be read any more: {e.Message}", e);
        }
    }

    protected override void Empty(int unit) => PageAdvice.LetGo((void*)_own[unit], MemoryOf(unit));

    private static long FileBytes(StoredWeight[] unit) => unit.Sum(weight => weight.Ranges.Sum(range => range.Bytes));

    private static long MemoryOf(StoredWeight[] unit) => unit.Sum(weight => weight.MemoryBytes);

    // The end in small pages: the rest of its huge page would take memory for nothing.
    private static nint Allocate(long bytes)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, HugePageBytes);
        PageAdvice.WantHugePages(memory, bytes);
        PageAdvice.WantSmallPages(memory + bytes / HugePageBytes * HugePageBytes, bytes % HugePageBytes);
        return (nint)memory;
    }

    // Weight after weight, alike in every place.
    private void LayOn(IReadOnlyList<string> names, StoredWeight[] weights, nint memory, int place)
    {
        foreach ((string name, StoredWeight weight) in names.Zip(weights))
        {
            _views[place][name] = weight.On((byte*)memory);
            memory += (nint)weight.MemoryBytes;
        }
    }

    private Piece[] Lay(IReadOnlyList<string> names, StoredWeight[] weights)
    {
        for (int buffer = 0; buffer < _buffers.Length; buffer++) LayOn(names, weights, _buffers[buffer], buffer);
        return [.. names.Zip(weights).SelectMany(Pieces)];
    }

    private static IEnumerable<Piece> Pieces((string Name, StoredWeight Stored) weight)
    {
        StoredWeight stored = weight.Stored;
        long rowBytes = FileBytes([stored]) / stored.Outputs;
        int rows = (int)Math.Max(1, PieceBytes / rowBytes);
        for (int first = 0; first < stored.Outputs; first += rows)
            yield return new Piece(weight.Name, stored, first, Math.Min(rows, stored.Outputs - first));
    }

    private void Read(long load, int reader, int readers, StageMemory stage)
    {
        Piece[] pieces = _pieces[UnitOf(load)];
        for (int i = reader; i < pieces.Length; i += readers)
            pieces[i].Weight.Read(_views[load % OffloadPlan.Buffers][pieces[i].Name], pieces[i].First, pieces[i].Count, stage);
    }

    /// <summary>Some rows of a weight, which one thread reads.</summary>
    private readonly record struct Piece(string Name, StoredWeight Weight, int First, int Count);
}
