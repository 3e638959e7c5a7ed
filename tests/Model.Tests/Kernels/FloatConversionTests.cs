using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Conversions in C# against torch's, over all values that 16 bits can have and over random bits of 32.</summary>
[HoldsTensors]
public sealed class FloatConversionTests
{
    [Theory]
    [InlineData(ScalarType.Float16, ScalarType.Float32)]
    [InlineData(ScalarType.Float16, ScalarType.BFloat16)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32)]
    public void Run_AnyHalf_IsWhatTorchMakesOfIt(ScalarType from, ScalarType to)
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];
        foreach (int length in new[] { all.Length, 1, 31, 1029 }) Check(MemoryMarshal.AsBytes(all.AsSpan(all.Length - length)), length, from, to);
    }

    [Fact]
    public void Run_AnySingle_IsRoundedAsTorchDoes()
    {
        byte[] bits = new byte[200_003 * sizeof(float)]; // several threads, and a tail
        new Random(1).NextBytes(bits);
        Check(bits, bits.Length / sizeof(float), ScalarType.Float32, ScalarType.BFloat16);
    }

    [Fact]
    public void Run_EqualTypes_CopiesAnyType()
    {
        byte[] bytes = new byte[300_001];
        new Random(2).NextBytes(bytes);
        Check(bytes, bytes.Length, ScalarType.Byte, ScalarType.Byte);
    }

    [Theory]
    [InlineData(ScalarType.Byte, ScalarType.Float32)]
    [InlineData(ScalarType.Float32, ScalarType.Float16)]
    public unsafe void Run_OtherTypes_IsRefused(ScalarType from, ScalarType to) => Assert.Throws<ArgumentException>(() => FloatConversion.Run(null, from, null, to, 0));

    private static unsafe void Check(ReadOnlySpan<byte> elements, int count, ScalarType from, ScalarType to)
    {
        using Matrix source = HostMemory.Instance.Empty(1, count, from), target = HostMemory.Instance.Empty(1, count, to);
        elements.CopyTo(new Span<byte>(source.Data, (int)source.ByteCount));
        FloatConversion.Run(source.Data, from, target.Data, to, count);
        using Tensor expected = source.Tensor.to(to).to(ScalarType.Float32), actual = target.Tensor.to(ScalarType.Float32);
        Assert.True(allclose(expected, actual, rtol: 0, atol: 0, equal_nan: true));
    }
}
