using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Tests.Cuda.Emulator;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>Writing the paged cache on the emulated device, against the plain kernels.</summary>
[HoldsTensors]
public sealed class CudaCacheTests
{
    /// <summary>Head dimension, group size, KV heads, tokens of a block, types of activations and cache.</summary>
    public static TheoryData<int, int, int, int, ScalarType, ScalarType> Forms => new()
    {
        { 128, 4, 2, 16, ScalarType.BFloat16, ScalarType.BFloat16 },
        { 256, 1, 1, 8, ScalarType.BFloat16, ScalarType.Int8 },
        { 80, 2, 3, 32, ScalarType.BFloat16, ScalarType.Float32 },
        { 16, 8, 2, 8, ScalarType.Float32, ScalarType.Float32 },
        { 32, 1, 5, 16, ScalarType.Float32, ScalarType.Int8 },
        { 112, 2, 2, 8, ScalarType.Float32, ScalarType.BFloat16 },
    };

    [CudaEmulatorTheory]
    [MemberData(nameof(Forms))]
    public void RotateAndStore_AnyShape_EqualsPlain(int headDim, int groupSize, int kvHeads, int blockSize, ScalarType activations, ScalarType cacheType)
    {
        AttentionShape shape = new(kvHeads * groupSize, kvHeads, headDim, blockSize);
        using Device device = new();
        CudaCache kernels = new(device.Stream, new CudaAttentionForm(shape, activations, cacheType));
        const int tokens = 37, blocks = 9, positions = 90;
        ForwardBatch batch = new(tokens, 1, 1) { TokenCount = tokens };
        int[] slots = [.. Enumerable.Range(0, blocks * blockSize)];
        new Random(1).Shuffle(slots);
        for (int t = 0; t < tokens; t++) (batch.Positions[t], batch.Slots[t]) = (t * t % positions, slots[t]);
        using CudaMemory memory = new(device.Stream);
        using RopeTable rope = Rope(headDim, positions, HostMemory.Instance), ropeOnDevice = Rope(headDim, positions, memory);
        using KvLayer expected = Empty(blocks, shape, cacheType);
        KvLayer actual = device.Upload(expected, shape);
        Matrix[] rows = [.. new[] { shape.HeadCount, kvHeads, kvHeads }.Select((heads, i) => Random(tokens, heads * headDim, i, activations))];
        Matrix[] onDevice = [.. rows.Select(matrix => device.Upload(nn.functional.pad(matrix.Tensor, [0, 0, 0, 2]), activations))]; // two of padding
        CudaBatch arrays = device.Upload(batch, padding: 2);
        kernels.RotateAndStore(onDevice[0], onDevice[1], onDevice[2], ropeOnDevice, arrays, actual);
        new PlainKernels().RotateAndStore(rows[0], rows[1], rows[2], rope, batch, shape, expected);

        // Where a sum's rounding decides: one unit of the last place of bfloat16, or one code, of numbers up to 1.6.
        double stored = cacheType switch { ScalarType.Float32 => 1e-6, ScalarType.BFloat16 => 0.008, _ => 1 };
        KvLayer laidOut = device.Upload(expected, shape);
        AssertClose(device, laidOut.Keys, actual.Keys, stored);
        AssertClose(device, laidOut.Values, actual.Values, activations == ScalarType.BFloat16 && cacheType != ScalarType.Int8 ? 0 : stored);
        if (cacheType == ScalarType.Int8) AssertClose(device, laidOut.KeyScales!, actual.KeyScales!, 1e-6);
        if (cacheType == ScalarType.Int8) AssertClose(device, laidOut.ValueScales!, actual.ValueScales!, 1e-8);
        using Tensor queries = device.Download(onDevice[0]);
        Assert.True(Tensors.Difference(rows[0].Tensor, queries.narrow(0, 0, tokens)) <= (activations == ScalarType.Float32 ? 1e-6 : 0.008));
    }

    [CudaEmulatorTheory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Int8)]
    public void CopyBlocks_InOrder_EqualsPlain(ScalarType cacheType)
    {
        AttentionShape shape = new(4, 2, 48, BlockSize: 16);
        using Device device = new();
        CudaCache kernels = new(device.Stream, new CudaAttentionForm(shape, ScalarType.BFloat16, cacheType));
        using KvLayer expected = Empty(6, shape, cacheType);
        foreach (Matrix? part in Parts(expected)) part?.Tensor.copy_(rand(part.Tensor.shape) * 100);
        KvLayer actual = device.Upload(expected, shape);
        ForwardBatch batch = new(1, 4, 1) { CopyCount = 4 };
        BlockCopy[] copies = [new(1, 4), new(0, 1), new(1, 3), new(4, 0)]; // 1 is read, overwritten, and read again
        copies.CopyTo(batch.Copies, 0);
        kernels.CopyBlocks(device.Of(copies), copies.Length, actual);
        new PlainKernels().CopyBlocks(batch, shape, expected);
        foreach ((Matrix? one, Matrix? other) in Parts(device.Upload(expected, shape)).Zip(Parts(actual)))
            if (one is not null) AssertClose(device, one, other!, 0);
    }

    private static Matrix?[] Parts(KvLayer cache) => [cache.Keys, cache.Values, cache.KeyScales, cache.ValueScales];

    // Where nothing is written nothing may change, so it is a number here.
    private static KvLayer Empty(int blocks, AttentionShape shape, ScalarType cacheType)
    {
        KvLayer cache = KvLayer.Empty(blocks, shape, cacheType, HostMemory.Instance);
        foreach (Matrix? part in Parts(cache)) part?.Tensor.fill_(7);
        return cache;
    }

    private static RopeTable Rope(int headDim, int positions, DeviceMemory memory)
    {
        float[] inverse = [.. Enumerable.Range(0, headDim / 2).Select(i => MathF.Pow(10000, -2f * i / headDim))];
        return new RopeTable(new RopeFrequencies(inverse, 1.1f), positions, memory);
    }

    // Values that the type holds.
    private static Matrix Random(int rows, int columns, int seed, ScalarType dtype)
    {
        Random random = new(seed);
        using Tensor exact = tensor([.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() * 2 - 1))], [rows, columns]);
        return Matrix.Of(exact.to(dtype).to(ScalarType.Float32, copy: true));
    }

    private static void AssertClose(Device device, Matrix expected, Matrix actual, double tolerance)
    {
        using Tensor one = device.Download(expected), other = device.Download(actual);
        float difference = Tensors.Difference(one, other);
        Assert.True(difference <= tolerance, $"differ by {difference:E2}, allowed {tolerance:E2}");
    }
}
