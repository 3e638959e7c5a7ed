using System.Runtime.InteropServices;
using Llama.Model.Cuda;
using Llama.Model.Tests.Cuda.Emulator;

namespace Llama.Model.Tests.Cuda;

public sealed class StagedBufferTests
{
    [CudaEmulatorFact]
    public void Reserve_MoreThanThereIs_ThrowsAndTheBufferCanBeUsedAgain()
    {
        using Device device = new(bytes: 1 << 20);
        using StagedBuffer buffer = new(device.Stream, hosts: 2, 1000);
        Assert.Throws<InsufficientMemoryException>(() => buffer.Reserve(1 << 20));
        buffer.Reserve(2000);
        Assert.Equal(4000, buffer.Capacity);
        buffer.Upload(1, 4000);
        device.Stream.Synchronize();
    }

    [CudaEmulatorTheory]
    [InlineData(1, 0)]
    [InlineData(16, 3)]
    [InlineData(2_048, 4)]
    [InlineData(5_555, 5)]
    [InlineData(4_000, 1_000)]
    public unsafe void Upload_SomeBytes_BringsThemAndTakesFromTheTableWhatIndicesName(int bytes, int indices)
    {
        using Device device = new();
        using StagedBuffer buffer = new(device.Stream, hosts: 2, bytes);
        int[] table = [.. Enumerable.Range(0, 50).Select(i => 1_000 + i)];
        Span<byte> sent = new(buffer.Host(1), bytes);
        new Random(bytes).NextBytes(sent);
        Span<int> ids = MemoryMarshal.Cast<byte, int>(sent);
        for (int i = 0; i < indices; i++) ids[i] = (i * 7) % 50;
        buffer.Upload(1, bytes, device.Of(table), indices);
        byte[] brought = device.Read<byte>(buffer.Device, bytes);
        Assert.Equal(ids[..indices].ToArray().Select(i => table[i]), MemoryMarshal.Cast<byte, int>(brought)[..indices].ToArray());
        Assert.Equal(sent[(indices * sizeof(int))..].ToArray(), brought[(indices * sizeof(int))..]);
    }
}
