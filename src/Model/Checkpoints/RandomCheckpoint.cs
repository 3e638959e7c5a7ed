using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Llama.Model.Kernels;

namespace Llama.Model.Checkpoints;

/// <summary>
/// Writes a checkpoint of any shape with random weights, for tests and benchmarks. It says nothing sensible, but its numbers behave like a model's: activations keep
/// their size through the layers, attention is neither uniform nor on one token, and logits are neither flat nor saturated.
/// </summary>
public static class RandomCheckpoint
{
    private const int ChunkElements = 1 << 20;

    /// <summary>Bytes of the weights that <see cref="Write"/> writes.</summary>
    public static long ByteCount(LlamaConfig config, TensorDtype dtype) => config.ParameterCount * dtype.Size();

    /// <summary>Writes config.json and model.safetensors, replacing those there. Equal arguments write equal bytes.</summary>
    /// <param name="folder">Created if need be.</param>
    /// <param name="config">The shape.</param>
    /// <param name="dtype">Type of all weights, a floating one.</param>
    /// <param name="seed">Chooses the weights.</param>
    public static void Write(string folder, LlamaConfig config, TensorDtype dtype, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(dtype, TensorDtype.U8);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
        CheckpointLayout.ExpectedTensor[] tensors = [.. CheckpointLayout.Expected(config)];
        string path = Path.Combine(folder, "model.safetensors");
        string partial = path + ".partial"; // renamed when whole: the file has its full length from the start, and a piece of it would pass for weights
        try
        {
            using (var writer = SafetensorsWriter.Create(partial, tensors.Select(tensor => (tensor.Name, dtype, tensor.Shape))))
                Fill(writer, tensors, config, dtype, seed);
            File.Move(partial, path, overwrite: true);
        }
        catch (AggregateException failures) // every thread's write fails when the disk is full; one says it
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static void Fill(SafetensorsWriter writer, CheckpointLayout.ExpectedTensor[] tensors, LlamaConfig config, TensorDtype dtype, ulong seed) =>
        System.Threading.Tasks.Parallel.ForEach(Chunks(tensors), () => new Buffers(), (chunk, _, buffers) =>
        {
            Span<float> values = buffers.Values.AsSpan(0, chunk.Length);
            (float mean, float deviation) = Distribution(tensors[chunk.Tensor], config);
            RandomWeights.Fill(values, (uint)chunk.Start, Key(seed, chunk.Tensor), mean, deviation);
            writer.Write(tensors[chunk.Tensor].Name, buffers.Encode(values, dtype), chunk.Start * dtype.Size());
            return buffers;
        }, _ => { });

    // Tensors of unit variance in give unit variance out when the deviation is 1 / √fan-in.
    private static (float Mean, float Deviation) Distribution(CheckpointLayout.ExpectedTensor tensor, LlamaConfig config)
    {
        const float logitDeviation = 2.5f; // of 32,000 the likeliest token then has a probability around a tenth
        if (tensor.Shape.Length == 1) return (1, 0.1f);
        float fanIn = 1 / MathF.Sqrt(tensor.Shape[1]);
        return tensor.Name switch
        {
            "lm_head.weight" => (0, logitDeviation * fanIn),
            "model.embed_tokens.weight" => (0, config.TieWordEmbeddings ? logitDeviation * fanIn : 1),
            // The two branches of each layer that add to the residual stream share out one unit of variance (GPT-2's initialisation).
            var name when name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal)
                => (0, fanIn / MathF.Sqrt(2 * config.LayerCount)),
            _ => (0, fanIn),
        };
    }

    private static IEnumerable<Chunk> Chunks(CheckpointLayout.ExpectedTensor[] tensors)
    {
        for (int tensor = 0; tensor < tensors.Length; tensor++)
        {
            long count = tensors[tensor].Shape.Aggregate((product, size) => product * size);
            for (long start = 0; start < count; start += ChunkElements) yield return new(tensor, start, (int)Math.Min(ChunkElements, count - start));
        }
    }

    private static uint Key(ulong seed, int tensor)
    {
        ulong mixed = (seed ^ (ulong)tensor << 32 ^ (ulong)tensor) * 0x9e3779b97f4a7c15;
        return (uint)(mixed >> 32) ^ (uint)mixed;
    }

    private readonly record struct Chunk(int Tensor, long Start, int Length);

    private sealed class Buffers
    {
        private readonly ushort[] _halves = new ushort[ChunkElements];

        public float[] Values { get; } = new float[ChunkElements];

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
