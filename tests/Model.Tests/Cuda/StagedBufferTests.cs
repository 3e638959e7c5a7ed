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
        Assert.True(buffer.Reserve(2000));
        Assert.Equal(4000, buffer.Capacity);
        buffer.Upload(1, 4000);
        device.Stream.Synchronize();
        Assert.False(buffer.Reserve(4000));
    }
}
