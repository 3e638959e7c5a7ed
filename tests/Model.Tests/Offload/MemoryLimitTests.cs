using Llama.Model.Offload;

namespace Llama.Model.Tests.Offload;

public sealed class MemoryLimitTests
{
    [Theory]
    [InlineData("8GiB", 8L << 30)]
    [InlineData(" 512 mib ", 512L << 20)]
    [InlineData("8Gi", 8L << 30)] // as Kubernetes has it
    [InlineData("1.5GB", 1_500_000_000)]
    [InlineData("0.5KiB", 512)]
    [InlineData("1048576", 1 << 20)]
    [InlineData("7b", 7)]
    [InlineData("1TiB", 1L << 40)]
    public void TryParse_ASize_IsItsBytes(string text, long bytes)
    {
        Assert.True(MemorySize.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("8 gigabytes")]
    [InlineData("-1GiB")]
    [InlineData("0")]
    [InlineData("1,5GiB")]
    [InlineData("8G")] // of which there are two sizes
    [InlineData("1e3MiB")]
    [InlineData("NaN")]
    [InlineData("9999999999TiB")]
    public void TryParse_NoSize_IsRefused(string text) => Assert.False(MemorySize.TryParse(text, out _));

    [Fact]
    public void Parse_OneOrAsManyAsDevices_IsOneForEach()
    {
        Assert.Null(MemoryLimit.Parse(null, 2));
        Assert.Null(MemoryLimit.Parse(" ", 2));
        Assert.Equal([1L << 30, 1L << 30], MemoryLimit.Parse("1GiB", 2)!);
        Assert.Equal([1L << 30, 2L << 30], MemoryLimit.Parse("1GiB, 2GiB", 2)!);
    }

    [Theory]
    [InlineData("1GiB,2GiB,3GiB", "3 sizes for 2 devices")]
    [InlineData("1GiB,lots", "Model:MemoryLimit is '1GiB,lots'; use a size like 8GiB")]
    [InlineData("8", "Model:MemoryLimit is '8': 8 is 8 bytes, in which no model runs; write the unit, as in 8GiB.")]
    [InlineData("1GiB, 512 KiB", "512 KiB is 524,288 bytes, in which no model runs")]
    public void Parse_AnythingElse_NamesTheSettingAndTheRemedy(string setting, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => MemoryLimit.Parse(setting, 2)).Message);

    [Theory]
    [InlineData(null)]
    [InlineData("1MiB")]
    [InlineData("8GiB, 16GiB")]
    public void Fault_OfWhatCanBeMeant_IsNone(string? setting) => Assert.Null(MemoryLimit.Fault(setting));
}
