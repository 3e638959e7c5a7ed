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
    private readonly Piece[][] _pieces; // [units that stream], in the order in which they are read
    private readonly nint[] _buffers;
    private readonly Dictionary<string, Weight>[] _views; // [buffers]
    private readonly RowTable? _table;

    /// <summary>Allocates the buffers and begins to fill them.</summary>
    /// <param name="source">Of the weights; must live longer.</param>
    /// <param name="units">All that there are.</param>
    /// <param name="plan">Which of them stream.</param>
    /// <param name="dtype">Of what is not in codes.</param>
    /// <param name="tableRows">Most rows of the embedding that are kept; 0 where there is no embedding.</param>
    /// <param name="pastCache">Whether to read past the system's cache where it lets us; null decides by what is free.</param>
    /// <exception cref="ArgumentException">A weight cannot be read so; with the remedy.</exception>
    public HostWeightStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows, bool? pastCache = null) : base(plan)
    {
        StoredWeight[][] stored = [.. units.Where((_, unit) => Holds(unit)).Select(unit => unit.Names.Select(name => source.Stored(name, dtype)).ToArray())];
        if (tableRows > 0) _table = new RowTable(source.Stored(WeightUnit.Table, dtype), tableRows);
        StepBytes = stored.Sum(FileBytes);
        bool isPastCache = pastCache ?? 2 * StepBytes > HostMemory.Instance.FreeBytes(); // it would push out of the cache what is needed next, round and round
        foreach (StoredFile file in stored.SelectMany(unit => unit).SelectMany(weight => weight.Ranges).Select(range => range.File).Distinct()) file.Open(isPastCache);
        long bufferBytes = stored.Max(unit => unit.Sum(weight => weight.MemoryBytes));
        _buffers = [.. Enumerable.Range(0, OffloadPlan.Buffers).Select(_ => Allocate(bufferBytes))];
        _views = [.. _buffers.Select(_ => new Dictionary<string, Weight>(StringComparer.Ordinal))];
        _pieces = [.. units.Where((_, unit) => Holds(unit)).Select((unit, turn) => Lay(unit.Names, stored[turn]))];
        int readers = Math.Clamp(Environment.ProcessorCount / CoresPerReader, 1, MostReaders);
        _readers = [.. Enumerable.Range(0, readers).Select(reader => new WeightReader((load, stage) => Read(load, reader, readers, stage)))];
        string way = stored[0][0].Ranges[0].File.IsPastCache ? ", past the system's cache" : "";
        Medium = string.Create(CultureInfo.InvariantCulture, $"from the file by {readers} {(readers == 1 ? "thread" : "threads")}{way}");
    }

    public override long StepBytes { get; }

    public override string Medium { get; }

    public override Weight Table => _table!.Weight;

    public override Weight View(string name, int buffer) => _views[buffer][name];

    public override void Bring(ForwardBatch batch) => _table!.Bring(batch.TokenIds.AsSpan(0, batch.TokenCount));

    public override void Dispose()
    {
        foreach (WeightReader reader in _readers) reader.Dispose();
        foreach (Weight view in _views.SelectMany(views => views.Values)) view.Dispose();
        foreach (nint buffer in _buffers) NativeMemory.AlignedFree((void*)buffer);
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

    protected override long BytesOf(int turn) => _pieces[turn].Sum(piece => piece.FileBytes);

    private static long FileBytes(StoredWeight[] unit) => unit.Sum(weight => weight.Ranges.Sum(range => range.Bytes));

    private static nint Allocate(long bytes)
    {
        long whole = (bytes + HugePageBytes - 1) / HugePageBytes * HugePageBytes;
        void* memory = NativeMemory.AlignedAlloc((nuint)whole, HugePageBytes);
        PageAdvice.WantHugePages(memory, whole);
        return (nint)memory;
    }

    // Weight after weight, alike in both buffers.
    private Piece[] Lay(IReadOnlyList<string> names, StoredWeight[] weights)
    {
        List<Piece> pieces = [];
        long at = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            StoredWeight weight = weights[i];
            for (int buffer = 0; buffer < _buffers.Length; buffer++) _views[buffer][names[i]] = weight.On((byte*)_buffers[buffer] + at);
            at += weight.MemoryBytes;
            long rowBytes = FileBytes([weight]) / weight.Outputs;
            int rows = (int)Math.Max(1, PieceBytes / rowBytes / weight.RowsTogether) * weight.RowsTogether;
            for (int first = 0; first < weight.Outputs; first += rows)
            {
                int count = Math.Min(rows, weight.Outputs - first);
                pieces.Add(new Piece(weight, [.. _views.Select(views => views[names[i]])], first, count, count * rowBytes));
            }
        }
        return [.. pieces];
    }

    private void Read(long load, int reader, int readers, StageMemory stage)
    {
        Piece[] pieces = _pieces[load % _pieces.Length];
        for (int i = reader; i < pieces.Length; i += readers)
            pieces[i].Weight.Read(pieces[i].Targets[load % OffloadPlan.Buffers], pieces[i].First, pieces[i].Count, stage);
    }

    /// <summary>Some rows of a weight, which one thread reads.</summary>
    private readonly record struct Piece(StoredWeight Weight, Weight[] Targets, int First, int Count, long FileBytes);
}
