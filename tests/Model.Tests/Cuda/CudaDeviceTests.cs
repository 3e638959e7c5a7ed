using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda;

public sealed class CudaDeviceTests
{
    [Theory]
    [InlineData(7, 5, "Some GPU has compute capability 7.5, and the fused kernels need 8.0 or newer")]
    [InlineData(8, 0, null)]
    [InlineData(12, 0, null)]
    public void Refusal_OfWhatIsTooOld_SaysWhatIsNeeded(int major, int minor, string? refusal) =>
        Assert.Equal(refusal, new CudaDevice(0, "Some GPU", major, minor, 100, 99 << 10).Refusal);
}
