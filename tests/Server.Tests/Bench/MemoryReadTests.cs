using Llama.Server.Bench.Local;

namespace Llama.Server.Tests.Bench;

public sealed class MemoryReadTests
{
    [Fact]
    public void Sum_AnyLength_AddsEveryValue()
    {
        Random random = new(1);
        for (int length = 0; length < 100; length++)
        {
            ulong[] values = [.. Enumerable.Range(0, length).Select(_ => (ulong)random.NextInt64())];
            Assert.Equal(values.Aggregate(0UL, (sum, value) => sum + value), MemoryRead.Sum(values));
        }
    }

    [Fact]
    public void Measure_SmallBuffer_GivesARate() => Assert.True(new MemoryRead(1 << 20, threads: 2) is { ByteCount: 1 << 20 } memory && memory.Measure() > 0);
}
