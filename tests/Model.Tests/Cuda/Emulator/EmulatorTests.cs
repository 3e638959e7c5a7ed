using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>That the emulator computes what a device would, and sees what would go wrong on one.</summary>
public sealed class EmulatorTests
{
    private const string Sum = """
        #include "common.cuh"
        extern "C" __global__ void __launch_bounds__(256) sum(const float* values, float* result, int count)
        {
            __shared__ float parts[8];
            float part = 0;
            for (int i = threadIdx.x; i < count; i += blockDim.x) part += values[i];
            part = warp_sum(part);
            if (threadIdx.x % WARP == 0) parts[threadIdx.x / WARP] = part;
            BARRIER
            if (threadIdx.x == 0)
            {
                float all = 0;
                for (int i = 0; i < (int)blockDim.x / WARP; i++) all += parts[i];
                result[blockIdx.x] = all;
            }
        }
        """;

    private const string Product = """
        #include "tensor_core.cuh"
        #include "async_copy.cuh"
        extern "C" __global__ void product(const bf16* a, const bf16* b, float* d)
        {
            __shared__ __align__(16) bf16 left[16 * 16], right[16 * 8];
            int lane = threadIdx.x;
            cp_async_16(left + lane * 8, a + lane * 8);
            if (lane < 16) cp_async_16_or_zero(right + lane * 8, b + lane * 8, true);
            cp_async_commit();
            WAIT
            __syncwarp();
            u32 x[4], y[4];
            ldmatrix_x4(x, left + lane % 16 * 16 + lane / 16 * 8);
            ldmatrix_x4_trans(y, right + lane % 16 * 8);
            float sums[4] = { 1, 1, 1, 1 };
            const u32 columns[2] = { y[0], y[1] };
            mma_m16n8k16_bf16(sums, x, columns);
            for (int i = 0; i < 4; i++) d[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sums[i];
        }
        """;

    [CudaEmulatorFact]
    public void Launch_Reduction_Sums()
    {
        using Device device = new();
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => (float)i)];
        nint result = device.New(3 * sizeof(float));
        device.Kernel(Sum, "sum", "BARRIER=__syncthreads();").Launch(new(3, 1, 1, 256), device.Of(values), result, values.Length);
        Assert.All(device.Read<float>(result, 3), sum => Assert.Equal(499_500, sum));
    }

    [CudaEmulatorTheory]
    [InlineData("")]
    [InlineData("__syncwarp();")]
    [InlineData("__shfl_sync(FULL_WARP, part, 0);")]
    public void Launch_MissingBarrier_IsARace(string instead)
    {
        using Device device = new();
        nint result = device.New(sizeof(float));
        CudaKernel kernel = device.Kernel(Sum, "sum", $"BARRIER={instead}");
        string message = Assert.Throws<CudaException>(() =>
        {
            kernel.Launch(new(1, 1, 1, 256), device.Of(new float[1000]), result, 1000);
            device.Stream.Synchronize();
        }).Message;
        Assert.Matches(@"^sum, block \(0, 0, 0\), thread \d+: (reads|writes) shared memory that thread \d+ (wrote|read), with no barrier between the two \(test\.cu:(8|13)\)$", message);
    }

    [CudaEmulatorTheory]
    [InlineData("__syncwarp();", true)]
    [InlineData("", false)]
    [InlineData("__shfl_sync(FULL_WARP, 0, 0);", false)]
    public void SharedMemory_OfAWarp_IsOrderedBySyncwarpAlone(string between, bool ordered)
    {
        string body = $"__shared__ int s[96]; s[threadIdx.x] = 1; {between} data[threadIdx.x % 64] = s[threadIdx.x ^ 1];";
        if (ordered) Run(body);
        else Assert.Contains("with no barrier between", Fault(body));
    }

    [CudaEmulatorFact]
    public void SharedMemory_Atomics_DoNotRace() =>
        Run("__shared__ int s[1]; if (threadIdx.x == 0) s[0] = 0; __syncthreads(); atomicAdd(s, 1); __syncthreads(); if (s[0] != 96) data[1000] = 0;");

    [CudaEmulatorFact]
    public void SharedMemory_ReadByAllThenWritten_IsARace() => Assert.Contains("writes shared memory that thread", Fault("__shared__ int s[2]; if (threadIdx.x == 0) s[0] = 1; __syncthreads(); data[threadIdx.x % 64] = s[0]; __syncwarp(); if (threadIdx.x == 40) s[0] = 2;"));

    [CudaEmulatorTheory]
    [InlineData("data[0] = ((int4*)(data + 1))->x;", "test.cu:1 touches 'struct int4' at 0x")]
    [InlineData("__shared__ int s[4]; s[threadIdx.x] = 1;", "test.cu:1 takes element")]
    [InlineData("data[0] = 1 << (threadIdx.x + 1);", "test.cu:1 shifts 'int' by ")]
    [InlineData("data[0] = (int)threadIdx.x / (data[threadIdx.x % 64] + 1);", "test.cu:1 divides 'int' by zero")]
    [InlineData("data[threadIdx.x % 64] = 0x7fffffff + (int)threadIdx.x;", "test.cu:1 adds 'int' beyond its range")]
    public void Launch_UndefinedBehaviour_SaysWhatAndWhere(string body, string expected)
    {
        string fault = Fault(body);
        Assert.True(fault.Contains(expected), fault);
    }

    [CudaEmulatorFact]
    public void TensorCore_Product_EqualsLoops()
    {
        (ushort[] a, ushort[] b) = (Bf16(16 * 16, seed: 1), Bf16(16 * 8, seed: 2));
        float[] product = Multiply(a, b, "WAIT=cp_async_wait<0>();");
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                float expected = 1;
                for (int k = 0; k < 16; k++) expected += Float(a[row * 16 + k]) * Float(b[k * 8 + column]);
                Assert.Equal(expected, product[row * 8 + column], 1e-5f);
            }
    }

    [CudaEmulatorFact]
    public void AsyncCopy_NotWaitedFor_IsSeen() => Assert.Contains(Multiply(Bf16(16 * 16, seed: 1), Bf16(16 * 8, seed: 2), "WAIT=cp_async_wait<1>();"), float.IsNaN);

    [CudaEmulatorTheory]
    [InlineData("__shared__ __align__(16) int s[96 * 4]; s[threadIdx.x * 4] = 1; cp_async_16(s + (threadIdx.x ^ 1) * 4, data);", "with no barrier between")]
    [InlineData("__shared__ __align__(16) int s[96 * 4]; cp_async_16(s + threadIdx.x * 4, data + 1);", "source at test.cu:1: the address 0x")]
    [InlineData("int s[8]; cp_async_16(s, data);", "target at test.cu:1: 0x")]
    [InlineData("__shared__ __align__(16) int s[4]; if (threadIdx.x > 0) return; cp_async_16(s, data + 64); cp_async_commit(); cp_async_wait<0>();", "the asynchronous copy of test.cu:1 reads memory that is not there")]
    public void AsyncCopy_Wrong_SaysWhatAndWhere(string body, string fault) => Assert.Contains(fault, Fault(body));

    [CudaEmulatorTheory]
    [InlineData("begin_kernel(); data[threadIdx.x % 64] = 1;", null)]
    [InlineData("__shared__ int s[96]; s[threadIdx.x] = 1; prefetch(data); await_previous(); data[threadIdx.x % 64] = s[threadIdx.x];", null)]
    [InlineData("s8 sum = 0; sum += data[1];\nbegin_kernel(); data[0] = sum;", "waits for the kernels before at overlap.cuh")]
    [InlineData("__shared__ __align__(16) int s[96 * 4]; cp_async_16(s + threadIdx.x * 4, data); begin_kernel();", "has touched memory that they could still write")]
    [InlineData("let_next_begin(); data[0] = 1;", "did not wait for the kernels before")]
    [InlineData("prefetch(data + 4096); begin_kernel();", "reads memory that is not there")]
    public void Kernel_ThatOverlaps_WaitsBeforeItTouchesMemory(string body, string? fault)
    {
        if (fault is null) Run(body, overlaps: true);
        else Assert.Contains(fault, Fault(body, overlaps: true));
    }

    [CudaEmulatorTheory]
    [InlineData("int x = load_settled(data); await_previous(); data[32] = x;", false, "as settled what a kernel before it writes")]
    [InlineData("int x = load_settled(data); await_previous(); data[32] = x;", true, null)] // which is waited for by whoever comes then
    [InlineData("int x = load_settled(data + 1); await_previous(); data[32] = x;", false, null)]
    [InlineData("await_previous(); data[32] = load_settled(data);", false, null)]
    [InlineData("__shared__ __align__(16) int s[4]; cp_async_16_constant(s, data); await_previous(); data[35] = 1;", false, "as settled what a kernel before it writes")]
    public void Kernel_BehindOneThatWrites_ReadsNothingOfItAsSettled(string body, bool isAwaited, string? fault)
    {
        using Device device = new();
        CudaKernel kernel = device.Kernel(Text(body), "test");
        nint data = device.New(512);
        void Twice()
        {
            Overlap(device, () =>
            {
                for (int i = 0; i < 2; i++) kernel.Launch(new(1, 1, 1, 1, IsAwaited: isAwaited), data + i * 32 * sizeof(int)); // the second reads where the first writes
            });
            device.Stream.Synchronize();
        }

        if (fault is null) Twice();
        else Assert.Contains(fault, Assert.Throws<CudaException>(Twice).Message, StringComparison.Ordinal);
    }

    [CudaEmulatorFact]
    public void Launch_BarrierNotReachedByAll_SaysWhoIsWhere()
    {
        string fault = Fault("if (threadIdx.x < 40) __syncthreads(); else if (threadIdx.x < 64) __syncwarp(0xffffffff);");
        Assert.Equal("test, block (0, 0, 0), thread #: nobody can go on: of 96 threads 32 left the kernel, 40 wait at the barrier of test.cu:1, 24 wait for lanes of their warp at test.cu:1", fault);
    }

    [CudaEmulatorFact]
    public void Launch_DifferentBarriers_SaysWhich() => Assert.Contains("all must come to the same", Fault("if (threadIdx.x < 40) __syncthreads();\nelse __syncthreads();"));

    [CudaEmulatorFact]
    public void Shuffle_FromLaneThatLeft_IsAFault() => Assert.Contains("reads lane 0, which is not in its mask or has left", Fault("if (threadIdx.x == 0) return; data[0] = __shfl_sync(FULL_WARP, 1, 0);"));

    [CudaEmulatorFact]
    public void Shuffle_NotInItsMask_IsAFault() => Assert.Contains("names the lanes 0000ffff, of which it is none", Fault("data[0] = __shfl_xor_sync(0xffff, 1, 1);"));

    [CudaEmulatorFact]
    public void TensorCore_LanesMissing_IsAFault() => Assert.Contains("all 32 lanes must come together", Fault("if (threadIdx.x == 3) return; float d[4]; u32 a[4], b[2]; mma_m16n8k16_bf16(d, a, b);"));

    [CudaEmulatorFact]
    public void Launch_TouchesBehindMemory_SaysWhereAndWho()
    {
        string fault = Fault("if (blockIdx.x == 1 && threadIdx.x == 95)\ndata[64] = 1;", keepThread: true);
        Assert.Matches(@"^test, block \(1, 0, 0\), thread 95: writes memory that is not there, at 0x\w+, 0 bytes behind device memory of 256 bytes \(test\.cu:\d\)$", fault);
        Assert.Contains("reads memory that is not there", Fault("if (data[-4096 / 4] == 1) data[0] = 1;"));
        Assert.Contains("more than 64 KiB of local variables", Fault("volatile char much[70000]; much[0] = 1; data[0] = much[threadIdx.x];"));
    }

    [CudaEmulatorFact]
    public void Memory_WrittenBehindWithinItsAlignment_IsSeenWhenFreed()
    {
        using Device device = new();
        nint memory = device.Driver.Allocate(10);
        device.Kernel("extern \"C\" __global__ void test(char* data) { data[10] = 1; }", "test").Launch(new(1, 1, 1, 1), memory);
        Assert.Contains("wrote 0 bytes behind device memory of 10 bytes", Assert.Throws<CudaException>(() => device.Driver.Free(memory)).Message);
    }

    private static void Run(string body, bool overlaps = false)
    {
        using Device device = new();
        Launch(device, body, overlaps);
    }

    private static string Fault(string body, bool keepThread = false, bool overlaps = false)
    {
        using Device device = new();
        string message = Assert.Throws<CudaException>(() => Launch(device, body, overlaps)).Message;
        return keepThread ? message : System.Text.RegularExpressions.Regex.Replace(message, @"block \(., 0, 0\), thread \d+", "block (0, 0, 0), thread #");
    }

    private static string Text(string body) => $"#include \"tensor_core.cuh\"\n#include \"async_copy.cuh\"\n#include \"overlap.cuh\"\nextern \"C\" __global__ void test(int* data)\n{{\n#line 1\n{body}\n}}";

    private static void Launch(Device device, string body, bool overlaps = false)
    {
        CudaKernel kernel = device.Kernel(Text(body), "test");
        nint data = device.New(256);
        if (overlaps) Overlap(device, () => kernel.Launch(new(2, 1, 1, 96), data));
        else kernel.Launch(new(2, 1, 1, 96), data);
        device.Stream.Synchronize();
    }

    private static void Overlap(Device device, Action launch)
    {
        device.Driver.BeginCapture(device.Stream.Handle, overlaps: true);
        launch();
        nint graph = device.Driver.EndCapture(device.Stream.Handle);
        try
        {
            device.Driver.LaunchGraph(graph, device.Stream.Handle); // which may run some of it at once, and find its fault
        }
        finally
        {
            device.Driver.DestroyGraph(graph); // what was enqueued of it goes on
        }
    }

    private static float[] Multiply(ushort[] a, ushort[] b, string wait)
    {
        using Device device = new();
        nint product = device.New(16 * 8 * sizeof(float));
        device.Kernel(Product, "product", wait).Launch(new(1, 1, 1, 32), device.Of(a), device.Of(b), product);
        return device.Read<float>(product, 16 * 8);
    }

    private static ushort[] Bf16(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16))];
    }

    private static float Float(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
