using System.Runtime.InteropServices;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Kernels.Simd;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>
/// Columns of a weight that was quantised while it was loaded. In its file they lie strided, so each is gathered when it is first asked for, and kept: the same ones stand out in token after
/// token (Dettmers et al. 2022, section 4). At most an eighth of all are kept, a quarter of the codes' memory, or a mebibyte of them. Beyond that the next one takes the place of one that was not asked for lately, and is
/// gathered anew when it is: slower, and the same to the last bit. The file's pages stay mapped: the system takes them back if it needs them.
/// </summary>
internal sealed unsafe class GatheredColumns : OutlierColumns
{
    private const int Share = 8, Least = 16, SmallBytes = 1 << 20, Alignment = 64;
    private const long RowsPerThread = 256;

    private readonly IWeightSource _source;
    private readonly string _name;
    private readonly int _outputs, _inputs;
    private readonly Slot[] _slots; // as many as are kept at most
    private readonly Dictionary<int, int> _slotOf = []; // by column
    private readonly List<int> _missing = []; // slots to be filled
    private int _hand; // where the next one to be taken is looked for
    private long _turn; // calls so far

    private struct Slot
    {
        public nint Column; // [outputs] bfloat16, or 0
        public int Index; // which it is
        public long LastTurn; // when it was asked for
        public bool IsUsed; // again, since the hand passed
    }

    /// <summary>Gathers none yet.</summary>
    /// <param name="source">Stays the caller's, who keeps it longer than this.</param>
    /// <param name="name">Of the weight, which the source hands out in floating point.</param>
    /// <param name="outputs">Its rows.</param>
    /// <param name="inputs">Its columns.</param>
    /// <param name="most">Columns that are kept; null derives them.</param>
    public GatheredColumns(IWeightSource source, string name, int outputs, int inputs, int? most = null)
    {
        (_source, _name, _outputs, _inputs) = (source, name, outputs, inputs);
        _slots = new Slot[Math.Min(inputs, most ?? Math.Max(Math.Max(Least, inputs / Share), SmallBytes / (outputs * sizeof(ushort))))];
    }

    public override int Bring(ReadOnlySpan<int> columns, nint* addresses)
    {
        int count = Math.Min(columns.Length, _slots.Length);
        _turn++;
        foreach (int column in columns[..count]) // before any place is taken
            if (_slotOf.TryGetValue(column, out int slot)) (_slots[slot].LastTurn, _slots[slot].IsUsed) = (_turn, true);
        for (int i = 0; i < count; i++)
        {
            if (!_slotOf.TryGetValue(columns[i], out int slot)) slot = Take(columns[i]);
            addresses[i] = _slots[slot].Column;
        }
        if (_missing.Count > 0) Gather();
        return count;
    }

    public override Tensor Widen()
    {
        using DenseWeight weight = Open();
        using Tensor narrow = weight.Values.Tensor.to(ScalarType.BFloat16);
        return narrow.to(ScalarType.Float32);
    }

    public override void Dispose()
    {
        foreach (Slot slot in _slots) NativeMemory.AlignedFree((void*)slot.Column);
        Array.Clear(_slots);
    }

    private int Take(int column)
    {
        int slot = _slotOf.Count < _slots.Length ? _slotOf.Count : Victim();
        ref Slot taken = ref _slots[slot];
        if (taken.Column == 0) taken.Column = (nint)NativeMemory.AlignedAlloc((nuint)_outputs * sizeof(ushort), Alignment);
        else _slotOf.Remove(taken.Index);
        (taken.Index, taken.LastTurn, taken.IsUsed) = (column, _turn, false); // not until it is asked for again
        _slotOf.Add(column, slot);
        _missing.Add(slot);
        return slot;
    }

    // The clock algorithm; there is one, because a call asks for no more than there are slots.
    private int Victim()
    {
        for (; ; _hand = (_hand + 1) % _slots.Length)
        {
            ref Slot slot = ref _slots[_hand];
            if (slot.LastTurn == _turn) continue;
            if (!slot.IsUsed) return _hand;
            slot.IsUsed = false;
        }
    }

    private void Gather()
    {
        using DenseWeight weight = Open();
        Matrix values = weight.Values;
        ParallelFor.Each(_outputs, RowsPerThread, row =>
        {
            foreach (int slot in _missing) ((Bf16*)_slots[slot].Column)[row] = Read(values, row * _inputs + _slots[slot].Index);
        });
        _missing.Clear();
    }

    private DenseWeight Open() => (DenseWeight)_source.Weight(_name);

    private static Bf16 Read(Matrix values, long at) => values.Dtype switch
    {
        ScalarType.BFloat16 => ((Bf16*)values.Data)[at],
        ScalarType.Float16 => Bf16.From((float)((Half*)values.Data)[at]),
        _ => Bf16.From(values.Floats[at]),
    };
}
