using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>A weight as its files hold it, for callers that read its rows again and again, into memory of their own and in the form that kernels take.</summary>
/// <param name="outputs">Rows.</param>
/// <param name="inputs">Columns.</param>
internal abstract unsafe class StoredWeight(int outputs, int inputs)
{
    private const int Line = 64; // bytes of the cache, to which parts of a piece are aligned

    /// <summary>Rows.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>Columns.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>What it consists of in the files.</summary>
    public abstract IReadOnlyList<FileRange> Ranges { get; }

    /// <summary>Bytes of it there.</summary>
    public long FileBytes => Ranges.Sum(range => range.Bytes);

    /// <summary>Bytes of memory for <see cref="On"/>: whole pages.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Rows that are best read together, and from a multiple of them on: the file may have them in another order.</summary>
    public virtual int RowsTogether => 1;

    /// <summary>Bytes of a row's elements or codes in memory.</summary>
    public abstract long ValueBytes { get; }

    /// <summary>Scales of a row: of codes; else 0.</summary>
    public virtual int GroupCount => 0;

    /// <summary>Whether each has a minimum beside it.</summary>
    public virtual bool HasMinima => false;

    /// <summary>The weight on some memory, which is not filled and must live longer.</summary>
    /// <param name="memory">At a page's beginning; null where a reader brings its rows.</param>
    /// <param name="reader">Which does.</param>
    public abstract Weight On(byte* memory, RowReader? reader = null);

    /// <summary>Bytes of memory for <see cref="Piece"/>; of several rows no more than so many times that of one.</summary>
    /// <param name="rows">Of it.</param>
    public long PieceBytes(int rows) => Aligned(rows * ValueBytes) + (HasMinima ? 2 : 1) * Aligned(rows * GroupCount * sizeof(float));

    /// <summary>Where rows are to be read to that are alone in some memory.</summary>
    /// <param name="memory">At a line's beginning.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="count">Rows.</param>
    public WeightRows Piece(byte* memory, int first, int count)
    {
        byte* scales = memory + Aligned(count * ValueBytes);
        byte* minima = scales + Aligned((long)count * GroupCount * sizeof(float));
        long scale = (long)first * GroupCount;
        return new WeightRows(memory - first * ValueBytes, GroupCount > 0 ? (float*)scales - scale : null, HasMinima ? (float*)minima - scale : null);
    }

    /// <summary>Reads some rows to where they belong.</summary>
    /// <param name="target">Of <see cref="On"/> or <see cref="Piece"/>.</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="stage">The calling thread's.</param>
    /// <exception cref="Checkpoints.CheckpointException">A file ends before.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public abstract void Read(WeightRows target, int first, int count, StageMemory stage);

    /// <summary>Reads rows that are not in the file as they are to be, and converts them one by one.</summary>
    /// <param name="range">Where they lie.</param>
    /// <param name="rowBytes">Of a row there.</param>
    /// <param name="order">Of the rows there.</param>
    /// <param name="target">As for <see cref="Read"/>; and the others.</param>
    protected void ReadByRow(FileRange range, long rowBytes, RopeOrder order, WeightRows target, int first, int count, StageMemory stage)
    {
        int together = order.IsPlain || (first % order.HeadDim == 0 && count % order.HeadDim == 0) ? count : 1;
        for (int row = first; row < first + count; row += together)
        {
            long stored = order.InFile(row); // the same row at the beginning of a head
            byte* read = stage.Read(range, stored * rowBytes, together * rowBytes);
            for (int i = 0; i < together; i++) Convert(read + i * rowBytes, target, order.InModel(stored + i));
        }
    }

    /// <summary>Puts a row that was read to where it belongs.</summary>
    protected virtual void Convert(byte* read, WeightRows target, long row) => throw new NotSupportedException($"The rows of a {GetType().Name} are read as they are to be.");

    private static long Aligned(long bytes) => (bytes + Line - 1) / Line * Line;
}
