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
/// token (Dettmers et al. 2022, section 4). At most an eighth of all are kept, a quarter of the codes' memory, or a mebibyte of them. When there is room for no more all are let go of,
/// and those that are in use gathered anew: slower, and the same to the last bit.
/// </summary>
/// <param name="source">Stays the caller's, who keeps it longer than this.</param>
/// <param name="name">Of the weight, which the source hands out in floating point.</param>
/// <param name="outputs">Elements of a column.</param>
/// <param name="most">Columns that are kept; null derives them.</param>
internal sealed unsafe class GatheredColumns(IWeightSource source, string name, int outputs, int inputs, int? most = null) : OutlierColumns
{
    private const int Share = 8, Least = 16, SmallBytes = 1 << 20, Alignment = 64;

    private readonly int _most = most ?? Math.Max(Math.Max(Least, inputs / Share), SmallBytes / (outputs * sizeof(ushort)));
    private readonly Dictionary<int, nint> _kept = [];
    private readonly Stack<nint> _free = [];

    /// <summary>Columns that are kept now.</summary>
    public int KeptCount => _kept.Count;

    public override int Bring(ReadOnlySpan<int> columns, nint* addresses)
    {
        int count = Math.Min(columns.Length, _most), missing = Find(columns[..count], addresses);
        if (missing == 0) return count;
        if (_kept.Count + missing > _most) Forget(new Span<nint>(addresses, count));
        Gather(columns[..count], addresses);
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
        foreach (nint column in _kept.Values.Concat(_free)) NativeMemory.AlignedFree((void*)column);
        _kept.Clear();
        _free.Clear();
    }

    private int Find(ReadOnlySpan<int> columns, nint* addresses)
    {
        int missing = 0;
        for (int i = 0; i < columns.Length; i++)
            if (!_kept.TryGetValue(columns[i], out addresses[i])) missing++;
        return missing;
    }

    private void Forget(Span<nint> addresses)
    {
        foreach (nint column in _kept.Values) _free.Push(column);
        _kept.Clear();
        addresses.Clear();
    }

    private void Gather(ReadOnlySpan<int> columns, nint* addresses)
    {
        List<(int Column, nint Target)> missing = [];
        for (int i = 0; i < columns.Length; i++)
        {
            if (addresses[i] != 0) continue;
            if (!_free.TryPop(out addresses[i])) addresses[i] = (nint)NativeMemory.AlignedAlloc((nuint)outputs * sizeof(ushort), Alignment);
            _kept[columns[i]] = addresses[i];
            missing.Add((columns[i], addresses[i]));
        }
        using (DenseWeight weight = Open())
        {
            Matrix values = weight.Values;
            ParallelFor.Run(outputs, 256, (begin, end) =>
            {
                for (long row = begin; row < end; row++)
                    foreach ((int column, nint target) in missing) ((Bf16*)target)[row] = Read(values, row * inputs + column);
            });
        }
        source.Release(name);
    }

    private DenseWeight Open() => (DenseWeight)source.Weight(name);

    private static Bf16 Read(Matrix values, long at) => values.Dtype switch
    {
        ScalarType.BFloat16 => ((Bf16*)values.Data)[at],
        ScalarType.Float16 => Bf16.From((float)((Half*)values.Data)[at]),
        _ => Bf16.From(values.Floats[at]),
    };
}
