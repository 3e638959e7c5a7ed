using System.Runtime.InteropServices;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>What streams to the processor: the units as files hold them, memory for those that are kept, and the rows of the embedding that tokens have asked for. Belongs to the thread of the model.</summary>
internal sealed unsafe class HostUnits : IDisposable
{
    private const int HugePageBytes = PageAdvice.HugePageBytes;

    private readonly StoredUnit[] _units;
    private readonly nint[] _memory; // [units] of those that are kept, or once were
    private readonly Dictionary<string, Weight> _kept = new(StringComparer.Ordinal);
    private readonly PerThread<StageMemory> _stages = new(() => new StageMemory());
    private readonly RowTable? _table;

    /// <summary>Finds the weights in their files.</summary>
    /// <param name="source">Of the weights; must live longer.</param>
    /// <param name="units">All that there are.</param>
    /// <param name="plan">Which of them stream.</param>
    /// <param name="dtype">Of what is not in codes.</param>
    /// <param name="tableRows">Most rows of the embedding that are kept; 0 where there is no embedding.</param>
    /// <exception cref="ArgumentException">A weight cannot be read again and again; with the remedy.</exception>
    public HostUnits(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows)
    {
        _units = [.. units.Zip(plan.IsResident, (unit, stays) => stays ? new StoredUnit([], []) : new StoredUnit(unit.Names, [.. unit.Names.Select(name => source.Stored(name, dtype))]))];
        _memory = new nint[_units.Length];
        if (tableRows > 0) _table = new RowTable(source.Stored(CheckpointLayout.Embedding, dtype), tableRows);
    }

    /// <summary>All units; those that stay have no weights here.</summary>
    public IReadOnlyList<StoredUnit> Units => _units;

    /// <summary>Whether the system's cache could hold what is read round and round. If not, reading through it would push out what is needed next.</summary>
    public bool FitCache => _units.Sum(unit => unit.FileBytes) / 2 * 3 <= HostMemory.Instance.FreeBytes(); // which others will have some of, too

    /// <summary>Whether all are of forms that kernels take in some way.</summary>
    public bool TakenBy(Predicate<Weight> taken) => _units.SelectMany(unit => unit.Weights).All(stored =>
    {
        using Weight form = stored.On(null);
        return taken(form);
    });

    /// <summary>The embedding.</summary>
    public Weight Table => _table!.Weight;

    /// <summary>A weight of a unit that is kept.</summary>
    public Weight Kept(string name) => _kept[name];

    /// <summary>Opens the files.</summary>
    /// <param name="pastCache">Whether to read past the system's cache where it lets us.</param>
    /// <returns>Whether that is so.</returns>
    public bool Open(bool pastCache)
    {
        StoredFile[] files = [.. _units.SelectMany(unit => unit.Weights).SelectMany(weight => weight.Ranges).Select(range => range.File).Distinct()];
        foreach (StoredFile file in files) file.Open(pastCache);
        return files[0].IsPastCache;
    }

    /// <summary>Sees to it that the rows of the embedding are there that a batch asks for.</summary>
    public void Bring(ForwardBatch batch) => _table!.Bring(batch.TokenIds.AsSpan(0, batch.TokenCount));

    /// <summary>Brings a unit to memory of its own, on all threads.</summary>
    /// <exception cref="RunnerLostException">It cannot be read.</exception>
    public void Keep(int unit)
    {
        if (_memory[unit] == 0)
        {
            _memory[unit] = Allocate(_units[unit].MemoryBytes);
            _units[unit].LayOn(_memory[unit], _kept);
        }
        StoredPiece[] pieces = [.. _units[unit].Pieces()];
        try
        {
            ParallelFor.Each(pieces.Length, 1, piece => pieces[piece].Read(_kept, _stages.Mine));
        }
        catch (Exception e) when (e is CheckpointException or IOException)
        {
            throw RunnerLostException.OfWeights(e);
        }
    }

    /// <summary>Gives that memory back.</summary>
    public void LetGo(int unit) => PageAdvice.LetGo((void*)_memory[unit], _units[unit].MemoryBytes);

    /// <summary>Memory in huge pages but for the end, whose page would take memory for nothing.</summary>
    public static nint Allocate(long bytes)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, HugePageBytes);
        PageAdvice.WantHugePages(memory, bytes);
        PageAdvice.WantSmallPages(memory + bytes / HugePageBytes * HugePageBytes, bytes % HugePageBytes);
        return (nint)memory;
    }

    public void Dispose()
    {
        foreach (Weight weight in _kept.Values) weight.Dispose();
        foreach (nint memory in _memory) NativeMemory.AlignedFree((void*)memory);
        _table?.Dispose();
    }
}
