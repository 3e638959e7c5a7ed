using System.Runtime.InteropServices;
using Llama.Model.Kernels;

namespace Llama.Model.Checkpoints;

/// <summary>The numbers of a <see cref="RandomCheckpoint"/>, made in pieces on all threads. Each depends on its tensor, its place there and the seed alone.</summary>
/// <param name="config">The shape.</param>
/// <param name="dtype">Type of the numbers, a floating one.</param>
/// <param name="seed">Chooses them.</param>
internal sealed class RandomTensors(LlamaConfig config, TensorDtype dtype, ulong seed)
{
    private const int PieceElements = 1 << 20;

    private readonly CheckpointLayout.ExpectedTensor[] _tensors = [.. CheckpointLayout.Expected(config)];

    /// <summary>A run of a tensor's bytes, from whichever thread made them.</summary>
    /// <param name="tensor">Which.</param>
    /// <param name="start">Where in the tensor's bytes they go.</param>
    /// <param name="bytes">Good during the call.</param>
    public delegate void Take(CheckpointLayout.ExpectedTensor tensor, long start, ReadOnlySpan<byte> bytes);

    /// <summary>Makes all of some tensors.</summary>
    /// <param name="isWanted">Which.</param>
    /// <param name="take">Receives each piece once, in any order.</param>
    public void Make(Func<string, bool> isWanted, Take take) => System.Threading.Tasks.Parallel.ForEach(Pieces(isWanted), () => new Buffers(), (piece, _, buffers) =>
    {
        CheckpointLayout.ExpectedTensor tensor = _tensors[piece.Tensor];
        Span<float> values = buffers.Values.AsSpan(0, piece.Length);
        (float mean, float deviation) = Distribution(tensor);
        RandomWeights.Fill(values, (uint)piece.Start, Key(piece.Tensor), mean, deviation);
        take(tensor, piece.Start * dtype.Size(), buffers.Encode(values, dtype));
        return buffers;
    }, _ => { });

    // Tensors of unit variance in give unit variance out when the deviation is 1 / √fan-in.
    private (float Mean, float Deviation) Distribution(CheckpointLayout.ExpectedTensor tensor)
    {
        const float logitDeviation = 2.5f; // of 32,000 the likeliest token then has a probability around a tenth
        if (tensor.Shape.Length == 1) return (1, 0.1f);
        float fanIn = 1 / MathF.Sqrt(tensor.Shape[1]);
        return tensor.Name switch
        {
            CheckpointLayout.OwnHead => (0, logitDeviation * fanIn),
            CheckpointLayout.Embedding => (0, config.TieWordEmbeddings ? logitDeviation * fanIn : 1),
            // The two branches of each layer that add to the residual stream share out one unit of variance (GPT-2's initialisation).
            var name when name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal)
                => (0, fanIn / MathF.Sqrt(2 * config.LayerCount)),
            _ => (0, fanIn),
        };
    }

    private IEnumerable<Piece> Pieces(Func<string, bool> isWanted)
    {
        for (int tensor = 0; tensor < _tensors.Length; tensor++)
        {
            if (!isWanted(_tensors[tensor].Name)) continue;
            long count = _tensors[tensor].ElementCount;
            for (long start = 0; start < count; start += PieceElements) yield return new(tensor, start, (int)Math.Min(PieceElements, count - start));
        }
    }

    private uint Key(int tensor)
    {
        ulong mixed = (seed ^ (ulong)tensor << 32 ^ (ulong)tensor) * 0x9e3779b97f4a7c15;
        return (uint)(mixed >> 32) ^ (uint)mixed;
    }

    private readonly record struct Piece(int Tensor, long Start, int Length);

    private sealed class Buffers
    {
        private readonly ushort[] _halves = new ushort[PieceElements];

        public float[] Values { get; } = new float[PieceElements];

        public ReadOnlySpan<byte> Encode(ReadOnlySpan<float> values, TensorDtype dtype)
        {
            if (dtype == TensorDtype.F32) return MemoryMarshal.AsBytes(values);
            Span<ushort> halves = _halves.AsSpan(0, values.Length);
            if (dtype == TensorDtype.BF16) FloatConversion.ToBFloat16(values, halves);
            else for (int i = 0; i < halves.Length; i++) halves[i] = BitConverter.HalfToUInt16Bits((Half)values[i]);
            return MemoryMarshal.AsBytes(halves);
        }
    }
}
