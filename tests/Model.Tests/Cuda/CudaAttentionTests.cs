using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Kernels;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>Attention on the emulated device: against the plain kernels over shapes, and the law that a token's result depends on nothing but its own context.</summary>
[HoldsTensors]
public sealed class CudaAttentionTests
{
    private const int LongestContext = 700;

    private static readonly int[] Lengths = [700, 1, 300, 40, 513];

    /// <summary>Head dimension, group size, KV heads, tokens of a block, types of activations and cache: what the paths, their loads of 16, 8, 4 and 2 bytes, and their tails depend on.</summary>
    public static TheoryData<int, int, int, int, ScalarType, ScalarType> Forms => new()
    {
        { 128, 1, 2, 16, ScalarType.BFloat16, ScalarType.BFloat16 },
        { 64, 4, 2, 32, ScalarType.BFloat16, ScalarType.BFloat16 },
        { 16, 2, 3, 8, ScalarType.BFloat16, ScalarType.BFloat16 },
        { 80, 8, 1, 16, ScalarType.BFloat16, ScalarType.BFloat16 },
        { 256, 3, 1, 16, ScalarType.BFloat16, ScalarType.BFloat16 },
        { 128, 8, 1, 16, ScalarType.BFloat16, ScalarType.Int8 },
        { 32, 1, 2, 8, ScalarType.BFloat16, ScalarType.Int8 },
        { 48, 12, 1, 64, ScalarType.BFloat16, ScalarType.Int8 },
        { 96, 2, 2, 16, ScalarType.Float32, ScalarType.Float32 },
        { 16, 12, 1, 8, ScalarType.Float32, ScalarType.Int8 },
        { 64, 1, 2, 16, ScalarType.BFloat16, ScalarType.Float32 },
    };

    /// <summary>Steps as (sequence, first token, tokens): contexts and chunks on both sides of every boundary of tiles, steps and pieces.</summary>
    private static (int, int, int)[][] Steps =>
    [
        [(0, 699, 1), (1, 0, 1), (2, 299, 1), (3, 39, 1), (4, 512, 1)],
        [(0, 0, 1), (2, 15, 1), (3, 16, 1), (4, 254, 1)],
        [(0, 255, 1), (2, 256, 1), (4, 511, 1), (3, 31, 1)],
        [(0, 100, 200), (1, 0, 1), (2, 299, 1), (3, 10, 15), (4, 400, 16)],
        [(0, 0, 129), (3, 0, 40), (2, 0, 64)],
        [(0, 63, 65), (2, 190, 17), (4, 448, 64), (3, 38, 2)],
        [(0, 127, 1), (2, 128, 1), (4, 384, 1)],
        [(0, 383, 1), (2, 129, 1), (4, 126, 1)],
    ];

    [CudaEmulatorTheory]
    [MemberData(nameof(Forms))]
    public void Attend_RaggedSteps_EqualsPlain(int headDim, int groupSize, int kvHeads, int blockSize, ScalarType activations, ScalarType cacheType)
    {
        CudaAttentionForm form = Form(headDim, groupSize, kvHeads, blockSize, activations, cacheType);
        using Sequences sequences = new(form, blockSeed: 1);
        using CudaAttention usual = sequences.Attention(), deterministic = sequences.Attention(deterministic: true); // in short pieces and in long ones
        foreach ((CudaAttention attention, (int, int, int)[] step) in Steps.Select(step => (usual, step)).Concat(Steps.Where(step => step.All(part => part.Item3 == 1)).Select(step => (deterministic, step))))
        {
            ForwardBatch batch = sequences.Batch(step);
            using Tensor expected = sequences.Plain(batch), actual = sequences.Run(attention, batch);
            float difference = Tensors.Difference(expected, actual), allowed = activations == ScalarType.Float32 ? 1e-5f : 1e-2f;
            Assert.True(difference <= allowed, $"{string.Join(' ', step)}: {difference:E2}");
        }
    }

    [CudaEmulatorTheory]
    [MemberData(nameof(Forms))]
    public void Attend_Deterministic_IsBitwiseTheSameInAnyBatchAndCut(int headDim, int groupSize, int kvHeads, int blockSize, ScalarType activations, ScalarType cacheType)
    {
        CudaAttentionForm form = Form(headDim, groupSize, kvHeads, blockSize, activations, cacheType);
        using Sequences sequences = new(form, blockSeed: 1), moved = new(form, blockSeed: 2);
        using CudaAttention whole = sequences.Attention(deterministic: true), unshared = moved.Attention(deterministic: true, capacity: 1);
        (int, int, int)[] step = [(4, 505, 8), (0, 697, 3), (2, 253, 7)];
        using Tensor expected = sequences.Run(whole, sequences.Batch(step)), elsewhere = moved.Run(unshared, moved.Batch(step));
        Assert.Equal(0, Tensors.Difference(expected, elsewhere));
        int row = 0;
        foreach ((int sequence, int first, int count) in step)
            for (int i = 0; i < count; i++, row++)
            {
                if (i > 1 && i < count - 1) continue;
                using Tensor alone = sequences.Run(whole, sequences.Batch((sequence, first + i, 1)));
                Assert.Equal(0, Tensors.Difference(expected.narrow(0, row, 1), alone));
            }
    }

    [CudaEmulatorTheory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Float32)]
    public void Attend_CapturedWithPadding_FollowsEachStep(ScalarType cacheType)
    {
        using Sequences sequences = new(Form(64, 4, 2, 32, ScalarType.BFloat16, cacheType), blockSeed: 1);
        using CudaAttention attention = sequences.Attention();
        ForwardBatch first = sequences.Batch((0, 30, 1), (2, 17, 1), (3, 5, 1)), later = sequences.Batch((0, 650, 1), (4, 256, 1), (2, 90, 1));
        using CapturedStep captured = new(sequences, attention, first, padding: 2);
        foreach (ForwardBatch batch in new[] { first, later, first })
        {
            using Tensor expected = sequences.Plain(batch), actual = captured.Run(batch);
            Assert.True(Tensors.Difference(expected, actual.narrow(0, 0, 3)) <= 1e-2f);
            Assert.True(actual.narrow(0, 3, 2).eq(0).all().item<bool>());
        }
    }

    [CudaEmulatorFact]
    public void Attend_AnyOrderOfThreads_IsBitwiseTheSame()
    {
        CudaAttentionForm form = Form(64, 4, 2, 32, ScalarType.BFloat16, ScalarType.BFloat16);
        List<Tensor> results = [];
        foreach (int seed in new[] { 3, 4 })
        {
            using Sequences sequences = new(form, blockSeed: 1, threadSeed: seed);
            using CudaAttention attention = sequences.Attention();
            results.Add(sequences.Run(attention, sequences.Batch(Steps[3])));
        }
        Assert.Equal(0, Tensors.Difference(results[0], results[1]));
    }

    [CudaEmulatorTheory]
    [InlineData(128, 99, 64)]
    [InlineData(128, 80, 0)]
    [InlineData(256, 163, 0)]
    public void Attend_OnDevicesOfLittleSharedMemory_EqualsPlain(int headDim, int sharedKibibytes, int tileRows)
    {
        CudaAttentionForm form = Form(headDim, 2, 1, 16, ScalarType.BFloat16, ScalarType.BFloat16) with { MostSharedBytes = sharedKibibytes << 10 };
        Assert.Equal(tileRows, form.HasTiles ? form.TileRows : 0);
        using Sequences sequences = new(form, blockSeed: 1);
        using CudaAttention attention = sequences.Attention();
        ForwardBatch batch = sequences.Batch((0, 60, 70), (3, 0, 40));
        using Tensor expected = sequences.Plain(batch), actual = sequences.Run(attention, batch);
        Assert.True(Tensors.Difference(expected, actual) <= 1e-2f);
    }

    [Theory]
    [InlineData(72, 16, "head_dim is 72")]
    [InlineData(272, 16, "head_dim is 272")]
    [InlineData(64, 4, "Model:BlockSize is 4")]
    [InlineData(64, 24, "Model:BlockSize is 24")]
    public void Check_WhatNoKernelTakes_NamesFieldAndRemedy(int headDim, int blockSize, string expected)
    {
        string message = Assert.Throws<ArgumentException>(() => CudaAttentionForm.Check(new AttentionShape(4, 2, headDim, blockSize))).Message;
        Assert.StartsWith(expected, message, StringComparison.Ordinal);
        Assert.Contains("use ", message, StringComparison.Ordinal);
    }

    private static CudaAttentionForm Form(int headDim, int groupSize, int kvHeads, int blockSize, ScalarType activations, ScalarType cache) =>
        new(new AttentionShape(kvHeads * groupSize, kvHeads, headDim, blockSize), activations, cache);

    /// <summary>Sequences of <see cref="Lengths"/> in a cache of the processor and the same on a device.</summary>
    private sealed class Sequences : IDisposable
    {
        private readonly PagedBatch _sequences;

        public Sequences(CudaAttentionForm form, int blockSeed, int threadSeed = 0)
        {
            Form = form;
            Device = new Device(seed: threadSeed);
            _sequences = new PagedBatch(new PlainKernels(), form.Shape, form.Cache, Lengths, blockSeed);
            Cache = Device.Upload(_sequences.Cache, form.Shape);
        }

        public CudaAttentionForm Form { get; }

        public Device Device { get; }

        public KvLayer Cache { get; }

        public CudaAttention Attention(bool deterministic = false, int? capacity = null) => new(Device.Stream, Form, maxTokens: 300, LongestContext, deterministic, capacity);

        public ForwardBatch Batch(params (int, int, int)[] step) => _sequences.Batch(step);

        public Matrix Queries(ForwardBatch batch, int padding = 0)
        {
            using Matrix queries = _sequences.Queries(batch);
            return Device.Upload(nn.functional.pad(queries.Tensor, [0, 0, 0, padding]), Form.Activations);
        }

        public Matrix Output(Matrix queries) => Device.Upload(full([queries.Rows, queries.Columns], float.NaN), Form.Activations);

        public Tensor Run(CudaAttention attention, ForwardBatch batch)
        {
            CudaBatch arrays = Device.Upload(batch);
            Matrix queries = Queries(batch), output = Output(queries);
            attention.Plan(arrays, batch);
            attention.Attend(queries, arrays, Cache, output);
            return Device.Download(output);
        }

        // From queries as the device has them.
        public Tensor Plain(ForwardBatch batch)
        {
            using Matrix exact = _sequences.Queries(batch), queries = Matrix.Of(exact.Tensor.to(Form.Activations).to(ScalarType.Float32));
            Matrix output = Matrix.Of(empty(batch.TokenCount, queries.Columns));
            new PlainKernels().Attend(queries, batch, Form.Shape, _sequences.Cache, output);
            return output.Tensor;
        }

        public void Dispose()
        {
            _sequences.Dispose();
            Device.Dispose();
        }
    }

    /// <summary>A step of single tokens, recorded once and run with other contents of its arrays.</summary>
    private sealed unsafe class CapturedStep : IDisposable
    {
        private readonly Sequences _sequences;
        private readonly CudaBatch _arrays;
        private readonly Matrix _queries, _output;
        private readonly nint _graph;
        private readonly int _rows, _padding;

        public CapturedStep(Sequences sequences, CudaAttention attention, ForwardBatch like, int padding)
        {
            (_sequences, _padding, _rows) = (sequences, padding, like.TokenCount + padding);
            _arrays = sequences.Device.Upload(like, padding);
            _queries = sequences.Queries(like, padding);
            _output = sequences.Output(_queries);
            CudaStream stream = sequences.Device.Stream;
            stream.Synchronize();
            stream.FinishLoading();
            stream.Driver.BeginCapture(stream.Handle);
            attention.Plan(_arrays, OneTokenEach(_rows));
            attention.Attend(_queries, _arrays, sequences.Cache, _output);
            _graph = stream.Driver.EndCapture(stream.Handle);
        }

        public Tensor Run(ForwardBatch batch)
        {
            CudaBatch arrays = _sequences.Device.Upload(batch, _padding);
            Matrix queries = _sequences.Queries(batch, _padding);
            Copy(arrays.ContextLengths, _arrays.ContextLengths, _rows * sizeof(int));
            Copy(arrays.BlockTables, _arrays.BlockTables, (long)_rows * batch.BlockTableStride * sizeof(int));
            Copy((nint)queries.Data, (nint)_queries.Data, queries.ByteCount);
            CudaStream stream = _sequences.Device.Stream;
            stream.Driver.LaunchGraph(_graph, stream.Handle);
            return _sequences.Device.Download(_output);
        }

        public void Dispose() => _sequences.Device.Driver.DestroyGraph(_graph);

        private static ForwardBatch OneTokenEach(int rows)
        {
            ForwardBatch batch = new(rows, rows, maxBlocksPerSequence: 0) { TokenCount = rows, SequenceCount = rows };
            for (int i = 0; i < rows; i++) batch.TokenStarts[i + 1] = i + 1;
            return batch;
        }

        private void Copy(nint source, nint target, long bytes)
        {
            _sequences.Device.Stream.Synchronize();
            _sequences.Device.Driver.Copy(target, source, bytes);
        }
    }
}
