using Llama.Model.Parallel;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Parallel;

/// <summary>How a model is cut for the devices of a group.</summary>
public sealed class ShardTests
{
    [Fact]
    public void Slices_AreTheWholeInOrder_CutAtUnits_AsEvenlyAsUnitsAllow()
    {
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            int count = random.Next(1, 9), unit = random.Next(1, 65), total = random.Next(1, 3000);
            Slice[] slices = [.. Enumerable.Range(0, count).Select(index => Slice.Of(total, unit, count, index))];
            Assert.Equal(0, slices[0].Start);
            Assert.Equal(total, slices[^1].End);
            for (int index = 1; index < count; index++)
            {
                Assert.Equal(slices[index - 1].End, slices[index].Start);
                Assert.True(slices[index].Start % unit == 0 || slices[index].Start == total);
                Assert.True(slices[index].Count <= slices[index - 1].Count);
            }
            Assert.True(slices[0].Count - slices[^1].Count < 2 * unit);
            Assert.True((total + unit - 1) / unit < count || slices[^1].Count > 0);
        }
    }

    [Fact]
    public void Shards_OfAnyModelThatIsNotRefused_HaveEachHeadColumnAndTokenOnce_AndNoneIsEmpty()
    {
        Random random = new(6);
        int cut = 0;
        for (int i = 0; i < 500; i++)
        {
            int kvHeads = random.Next(1, 9), count = random.Next(1, 9);
            LlamaConfig whole = SmallLlama.Config with
            {
                HeadCount = kvHeads * random.Next(1, 5),
                KvHeadCount = kvHeads,
                IntermediateSize = random.Next(1, 1000),
                VocabSize = random.Next(1, 1000),
            };
            if (Shard.Refusal(whole, count) is not null) continue;
            cut++;
            Shard[] shards = [.. Enumerable.Range(0, count).Select(index => Shard.Of(whole, index, count))];
            Assert.All(shards, shard => Assert.True(shard.KvHeads.Count > 0 && shard.Columns.Count > 0 && shard.Vocabulary.Count > 0));
            Assert.All(shards, shard => Assert.Equal(whole.HeadCount / whole.KvHeadCount, shard.Config.HeadCount / shard.Config.KvHeadCount));
            Assert.Equal(whole.HeadCount, shards.Sum(shard => shard.Config.HeadCount));
            Assert.Equal(whole.KvHeadCount, shards.Sum(shard => shard.Config.KvHeadCount));
            Assert.Equal(whole.IntermediateSize, shards.Sum(shard => shard.Config.IntermediateSize));
            Assert.Equal(whole.VocabSize, shards.Sum(shard => shard.Config.VocabSize));
        }
        Assert.InRange(cut, 100, 499);
    }

    [Fact]
    public void Columns_OfAnyModel_AreEvenWithinAThird_AndCutAsWideAsThatAllows()
    {
        Random random = new(7);
        for (int i = 0; i < 1000; i++)
        {
            int count = random.Next(2, 9), columns = 64 * random.Next(1, 60);
            LlamaConfig whole = SmallLlama.Config with { HeadCount = 8, KvHeadCount = 8, IntermediateSize = columns, VocabSize = 1000 };
            if (Shard.Refusal(whole, count) is not null || columns < 16 * 3 * count) continue; // narrower pieces than 16 there are none
            Slice[] slices = [.. Enumerable.Range(0, count).Select(index => Shard.Of(whole, index, count).Columns)];
            Assert.True(3 * slices[0].Count <= 4 * slices[^1].Count, $"{columns} for {count}: {slices[0].Count} and {slices[^1].Count}");
            int widest = new[] { 64, 32, 16 }.First(unit => columns >= unit * 3 * count);
            Assert.All(slices, slice => Assert.Equal(0, slice.Start % widest));
        }
    }

    [Theory]
    [InlineData(2, "16+16", "448+448", "4096+4096")]
    [InlineData(3, "16+8+8", "320+320+256", "2736+2736+2720")]
    [InlineData(4, "8+8+8+8", "256+256+192+192", "2048+2048+2048+2048")]
    public void Shards_OfFourKvHeads_AreAsEvenAsCanBe(int count, string heads, string columns, string vocabulary)
    {
        LlamaConfig whole = SmallLlama.Config with { HeadCount = 32, KvHeadCount = 4, IntermediateSize = 896, VocabSize = 8192 };
        Shard[] shards = [.. Enumerable.Range(0, count).Select(index => Shard.Of(whole, index, count))];
        Assert.Equal(heads, string.Join('+', shards.Select(shard => shard.Heads.Count)));
        Assert.Equal(columns, string.Join('+', shards.Select(shard => shard.Columns.Count)));
        Assert.Equal(vocabulary, string.Join('+', shards.Select(shard => shard.Vocabulary.Count)));
    }

    [Theory]
    [InlineData(3, 2, 500, 500, "Model:TensorParallel is 3, but this model has 2 KV heads, and heads are not cut: use 2 or less")]
    [InlineData(2, 1, 500, 500, "Model:TensorParallel is 2, but this model has one KV head, and heads are not cut: leave it at 1")]
    [InlineData(4, 8, 40, 500, "Model:TensorParallel is 4, but intermediate_size is 40, which is cut into pieces of 16: use 3 or less")]
    [InlineData(4, 8, 500, 20, "Model:TensorParallel is 4, but the vocabulary is 20, which is cut into pieces of 16: use 2 or less")]
    public void Of_MoreDevicesThanPieces_SaysWhatWouldWork(int count, int kvHeads, int columns, int vocabulary, string message)
    {
        LlamaConfig whole = SmallLlama.Config with { HeadCount = kvHeads, KvHeadCount = kvHeads, IntermediateSize = columns, VocabSize = vocabulary };
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => Shard.Of(whole, 0, count)).Message, StringComparison.Ordinal);
        int most = Enumerable.Range(1, 8).Last(n => Shard.Refusal(whole, n) is null);
        Assert.Contains(most == 1 ? "leave it at 1" : $"use {most} or less", message, StringComparison.Ordinal);
    }
}
