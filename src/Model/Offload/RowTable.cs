using System.Collections;
using System.Runtime.InteropServices;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>
/// The table of an embedding of which only those rows take memory that tokens have asked for: it has addresses for all, and pages where a row was read. When too many have gathered all are let go.
/// </summary>
internal sealed unsafe class RowTable : IDisposable
{
    private readonly StoredWeight _stored;
    private readonly StageMemory _stage = new();
    private readonly BitArray _isThere;
    private readonly int _mostRows;
    private readonly void* _memory;
    private int _rows;

    /// <param name="stored">In the file.</param>
    /// <param name="mostRows">Rows that may take memory at once; no step asks for more.</param>
    public RowTable(StoredWeight stored, int mostRows)
    {
        (_stored, _mostRows, _isThere) = (stored, mostRows, new BitArray(stored.Outputs));
        foreach (FileRange range in stored.Ranges) range.File.Open(pastCache: false);
        _memory = NativeMemory.AlignedAlloc((nuint)stored.MemoryBytes, StoredFile.PageBytes);
        PageAdvice.WantSmallPages(_memory, stored.MemoryBytes);
        Weight = stored.On((byte*)_memory);
    }

    /// <summary>[vocab, hidden]</summary>
    public Weight Weight { get; }

    /// <summary>Memory of so many rows at most.</summary>
    /// <param name="rowBytes">Of a row as it is kept.</param>
    /// <param name="mostRows">Rows.</param>
    /// <param name="allRows">Of the table.</param>
    public static long BytesOf(long rowBytes, int mostRows, long allRows) => Math.Min(mostRows * (FileRange.Pages(rowBytes) + StoredFile.PageBytes), FileRange.Pages(rowBytes * allRows) + StoredFile.PageBytes);

    /// <summary>Reads those rows that are not there.</summary>
    /// <exception cref="RunnerLostException">They cannot be read.</exception>
    public void Bring(ReadOnlySpan<int> rows)
    {
        if (_rows + rows.Length > _mostRows) LetGo();
        foreach (int row in rows)
        {
            if (_isThere[row]) continue;
            Read(row);
            _isThere[row] = true;
            _rows++;
        }
    }

    public void Dispose()
    {
        Weight.Dispose();
        NativeMemory.AlignedFree(_memory);
    }

    private void Read(int row)
    {
        try
        {
            _stored.Read(WeightRows.Of(Weight), row, 1, _stage);
        }
        catch (Exception e) when (e is CheckpointException or IOException)
        {
            throw new RunnerLostException($"The embedding cannot be read any more: {e.Message}", e);
        }
    }

    private void LetGo()
    {
        PageAdvice.LetGo(_memory, _stored.MemoryBytes);
        _isThere.SetAll(false);
        _rows = 0;
    }
}
