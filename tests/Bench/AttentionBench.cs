using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Threads;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>Attention of a 1.1B Llama (32 heads over 4 of 64): decode rows and prompt chunks, by context and batch, beside plain torch in the same run.</summary>
internal static class AttentionBench
{
    private const int Layers = 22; // each with its own cache, so that a context is read from memory as in a model
    private static readonly AttentionShape Shape = new(32, 4, 64, 16);

    // Tokens per sequence, context, sequences.
    private static readonly (int Tokens, int Context, int Sequences)[] Cases =
    [
        (1, 128, 1), (1, 512, 1), (1, 2048, 1), (1, 8192, 1), (1, 128, 8), (1, 512, 8), (1, 2048, 8), (1, 128, 16), (1, 512, 16), (1, 2048, 16),
        (512, 512, 1), (512, 1024, 1), (512, 2048, 1), (64, 2048, 1), (16, 512, 32),
    ];

    public static Command Command()
    {
        Command command = new("attention", "Paged attention: C# against plain torch, by context and batch.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        Console.WriteLine($"libtorch in {TorchLibrary.Load()}, {ParallelFor.Team.ThreadCount} threads, {SimdKernels.Create(ScalarType.BFloat16, deterministic: false).Describe()}");
        Console.WriteLine($"{"tokens",7}{"context",9}{"sequences",10}   ms for {Layers} layers, GB/s of cache, GMAC/s: bfloat16 | int8 | float32 | plain torch, bfloat16");
        using IDisposable inference = inference_mode();
        foreach ((int tokens, int context, int sequences) in Cases)
        {
            IKernels fused = SimdKernels.Create(ScalarType.BFloat16, deterministic: true), plain = new PlainKernels();
            Console.WriteLine($"{tokens,7}{context,9}{sequences,10}   {Line(fused, ScalarType.BFloat16)} | {Line(fused, ScalarType.Int8)} | {Line(fused, ScalarType.Float32)} | {Line(plain, ScalarType.BFloat16)}");

            string Line(IKernels kernels, ScalarType type) => Measure(kernels, type, tokens, context, sequences);
        }
    }

    private static string Measure(IKernels kernels, ScalarType type, int tokens, int context, int sequences)
    {
        ForwardBatch batch = Batch(tokens, context, sequences);
        KvLayer[] layers = [.. Enumerable.Range(0, Math.Clamp((256 << 10) / (context * sequences), 1, Layers)).Select(_ => Layer(type, context * sequences))];
        using Matrix queries = Matrix.Of(randn(batch.TokenCount, Shape.HeadCount * Shape.HeadDim)), output = HostMemory.Instance.Empty(batch.TokenCount, queries.Columns, ScalarType.Float32);
        double best = double.MaxValue;
        for (long begin = Stopwatch.GetTimestamp(), run = 0; run < 2 || Stopwatch.GetElapsedTime(begin).TotalSeconds < 0.3; run++)
        {
            long start = Stopwatch.GetTimestamp();
            foreach (KvLayer layer in layers) kernels.Attend(queries, batch, Shape, layer, output);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds * Layers / layers.Length);
        }
        foreach (KvLayer layer in layers) layer.Dispose();
        int headBytes = type == ScalarType.Int8 ? Shape.HeadDim + 4 : Shape.HeadDim * (type == ScalarType.Float32 ? 4 : 2);
        double bytes = 2.0 * Layers * sequences * context * Shape.KvHeadCount * headBytes;
        double products = 2.0 * Layers * sequences * tokens * (context - (tokens - 1) / 2.0) * Shape.HeadCount * Shape.HeadDim;
        return $"{best * 1e3,8:N2} {bytes / best / 1e9,5:N1} {products / best / 1e9,5:N0}";
    }

    private static KvLayer Layer(ScalarType type, int slots)
    {
        KvLayer layer = KvLayer.Empty(slots / Shape.BlockSize, Shape, type, HostMemory.Instance);
        foreach (Matrix? part in (Matrix?[])[layer.Keys, layer.Values, layer.KeyScales, layer.ValueScales])
        {
            if (part is null) continue;
            using Tensor values = randn(part.Rows, part.Columns);
            part.Tensor.copy_(part.Dtype == ScalarType.Int8 ? values.mul_(40) : values);
        }
        return layer;
    }

    // Blocks lie in scattered order, as after some hours of service.
    private static ForwardBatch Batch(int tokens, int context, int sequences)
    {
        int blocks = context / Shape.BlockSize;
        int[] order = [.. Enumerable.Range(0, blocks * sequences)];
        new Random(1).Shuffle(order);
        ForwardBatch batch = new(tokens * sequences, sequences, blocks) { TokenCount = tokens * sequences, SequenceCount = sequences };
        order.CopyTo(batch.BlockTables.AsSpan());
        for (int s = 0; s < sequences; s++)
        {
            batch.TokenStarts[s + 1] = (s + 1) * tokens;
            batch.ContextLengths[s] = context;
            for (int i = 0; i < tokens; i++) batch.Positions[s * tokens + i] = context - tokens + i;
        }
        return batch;
    }
}
