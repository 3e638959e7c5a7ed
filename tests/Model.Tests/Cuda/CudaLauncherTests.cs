using Llama.Model.Cuda;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

/// <summary>What launching costs on the host: nothing that a collector would have to take away.</summary>
[HoldsTensors]
public sealed unsafe class CudaLauncherTests
{
    [Fact]
    public void AttentionCacheAndElementwise_WarmLayer_AllocateNothing()
    {
        using QuietDriver driver = new();
        using CudaStream stream = new(driver, driver);
        CudaAttentionForm form = new(new AttentionShape(8, 2, 64, 16), ScalarType.BFloat16, ScalarType.Int8);
        using CudaAttention attention = new(stream, form, maxTokens: 64, contextLength: 512, deterministic: false);
        CudaCache cacheKernels = new(stream, form);
        CudaElementwise elementwise = new(stream, ScalarType.BFloat16);
        CudaBatch arrays = new() { TokenIds = 1, Positions = 1, Slots = 1, TokenStarts = 1, ContextLengths = 1, BlockTables = 1, BlockTableStride = 32 };
        ForwardBatch batch = new(64, 3, 32) { TokenCount = 42, SequenceCount = 3 };
        (batch.TokenStarts[1], batch.TokenStarts[2], batch.TokenStarts[3]) = (40, 41, 42);
        Matrix wide = Of(42, 512, ScalarType.BFloat16), narrow = Of(42, 128, ScalarType.BFloat16), residual = Of(42, 512, ScalarType.Float32), scales = Of(9, 32, ScalarType.Float32);
        KvLayer cache = new(Of(9, 2048, ScalarType.Int8), Of(9, 2048, ScalarType.Int8), scales, scales);
        using RopeTable rope = new(new RopeFrequencies(new float[32], 1), 4, HostMemory.Instance);
        DenseWeight table = new(wide);

        long least = long.MaxValue; // of several stretches: the runtime's own allocations come once
        for (int i = 0; i < 4; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Layer();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.Equal(4 * 12, driver.LaunchCount);

        void Layer()
        {
            cacheKernels.CopyBlocks(1, 2, cache);
            elementwise.Embed(table, arrays, residual);
            elementwise.RmsNorm(residual, scales, 1e-5f, wide);
            attention.Plan(arrays, batch);
            cacheKernels.RotateAndStore(wide, narrow, narrow, rope, arrays, cache);
            attention.Attend(wide, arrays, cache, wide);
            elementwise.SiluMultiply(wide, wide);
            elementwise.TakeRows(residual, 1, residual);
        }
    }

    private static Matrix Of(int rows, int columns, ScalarType dtype) => new((void*)256, rows, columns, dtype, isOnHost: false, free: null);
}
