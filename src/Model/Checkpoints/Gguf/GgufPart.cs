using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>A tensor of a checkpoint on its way into a GGUF file.</summary>
/// <param name="Source">Its name in the checkpoint.</param>
/// <param name="Declaration">As the file has it.</param>
/// <param name="Order">Of its rows in the file.</param>
internal sealed record GgufPart(string Source, GgufWriter.Declaration Declaration, RopeOrder Order)
{
    private const int ChunkWeights = 1 << 20;

    /// <summary>Bytes of a row in the file.</summary>
    public long RowBytes => Declaration.Type.RowBytes(Columns);

    private long Rows => Declaration.Shape.Length == 1 ? 1 : Declaration.Shape[0];

    private long Columns => Declaration.Shape[^1];

    /// <summary>All rows, in pieces that are encoded at once.</summary>
    public IEnumerable<Chunk> Chunks()
    {
        int rows = (int)Math.Max(1, ChunkWeights / Columns);
        for (long first = 0; first < Rows; first += rows) yield return new Chunk(this, first, (int)Math.Min(rows, Rows - first));
    }

    private unsafe void Encode(Checkpoint checkpoint, long row, Span<byte> bytes)
    {
        TensorEntry entry = checkpoint.Tensors.Entry(Source);
        TensorDtype dtype = TensorDtypes.Parse(entry.Dtype)!.Value;
        byte* values = checkpoint.Tensors.Data(Source) + Order.InModel(row) * Columns * dtype.Size();
        if (Declaration.Type.Name == entry.Dtype)
        {
            new ReadOnlySpan<byte>(values, bytes.Length).CopyTo(bytes);
            return;
        }
        float[] widened = new float[Columns];
        fixed (float* target = widened) FloatConversion.RunHere(values, dtype.ToTorch(), (byte*)target, ScalarType.Float32, Columns);
        RowEncoder.Encode(Declaration.Type, widened, bytes);
    }

    /// <summary>Neighbouring rows of a part.</summary>
    public readonly record struct Chunk(GgufPart Part, long FirstRow, int Rows)
    {
        /// <summary>The rows as the file has them.</summary>
        /// <param name="checkpoint">In which the part is.</param>
        public byte[] Encode(Checkpoint checkpoint)
        {
            int rowBytes = (int)Part.RowBytes;
            byte[] bytes = new byte[Rows * rowBytes];
            for (int row = 0; row < Rows; row++) Part.Encode(checkpoint, FirstRow + row, bytes.AsSpan(row * rowBytes, rowBytes));
            return bytes;
        }
    }
}
