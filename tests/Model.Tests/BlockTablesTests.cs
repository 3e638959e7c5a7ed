using Llama.Model.Cuda;
using Llama.Model.Tests.Cuda.Emulator;

namespace Llama.Model.Tests;

/// <summary>Block tables that stay in their rows from step to step: in a batch, in the one that follows it, and on a device.</summary>
public sealed class BlockTablesTests
{
    private const int Rows = 5, Stride = 12, BlockSize = 4;

    [Fact]
    public void SetBlocks_SameEditionAndMoreBlocks_CopiesThoseAlone()
    {
        ForwardBatch batch = new(Rows, Rows, Stride);
        batch.SetBlocks(1, edition: 7, [3, 4]);
        batch.BlockTables[Stride] = -1; // left alone, it stays
        batch.SetBlocks(1, edition: 7, [3, 4, 5]);
        Assert.Equal([-1, 4, 5], batch.BlockTables[Stride..(Stride + 3)]);
    }

    [Fact]
    public void SetBlocks_AnotherEditionInTheRow_LeavesNothingOfTheFirst()
    {
        ForwardBatch batch = new(Rows, Rows, Stride);
        batch.SetBlocks(1, edition: 7, [3, 4, 5]);
        batch.SetBlocks(1, edition: 8, [6, 7]);
        batch.SetBlocks(1, edition: 7, [3, 4, 5, 9]); // it shows up again, and the row no longer had it
        Assert.Equal([3, 4, 5, 9], batch.BlockTables[Stride..(Stride + 4)]);
    }

    [Fact]
    public void CopyBlocks_RowWrittenByHand_CopiesAllEachTime()
    {
        ForwardBatch batch = new(Rows, Rows, Stride);
        ShownBlocks shown = default;
        int[] row = new int[Stride];
        for (int round = 1; round < 3; round++)
        {
            batch.BlockTables.AsSpan(2 * Stride, Stride).Fill(round);
            batch.CopyBlocks(2, ref shown, row);
            Assert.Equal(Enumerable.Repeat(round, Stride), row);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Lookahead_SequencesThatComeGrowAndEnd_HasTheirTables(int seed)
    {
        TableWalk walk = new(seed, Rows, Stride, BlockSize);
        Lookahead[] buffers = [new(Rows, Stride), new(Rows, Stride)];
        for (int step = 0; step < 400; step++)
        {
            ForwardBatch batch = walk.Next();
            Lookahead next = buffers[step % 2];
            if (!next.TryFollow(batch, [])) continue;
            for (int i = 0; i < next.Batch.SequenceCount; i++) Assert.Equal(walk.Tables[next.Sources[i]], next.Batch.BlockTables.AsSpan(i * Stride, walk.Tables[next.Sources[i]].Length).ToArray());
        }
    }

    [CudaEmulatorFact]
    public void Upload_SequencesThatComeGrowAndEnd_BringsTheirTables()
    {
        TableWalk walk = new(seed: 3, Rows, Stride, BlockSize);
        using Device device = new();
        using BatchUpload upload = new(device.Stream, Rows, Rows, Stride);
        ForwardBatch other = new(Rows, Rows, Stride) { TokenCount = Rows, SequenceCount = Rows }; // of somebody who writes its tables by hand
        Random random = new(3);
        for (int step = 0; step < 300; step++)
        {
            if (random.Next(9) == 0)
            {
                other.BlockTables.AsSpan().Fill(step);
                upload.Enqueue(other, Rows, buffer: step % 2);
                Assert.Equal(other.BlockTables, device.Read<int>(upload.Batch.BlockTables, Rows * Stride));
                continue;
            }
            ForwardBatch batch = walk.Next();
            upload.Enqueue(batch, Rows, buffer: step % 2);
            int[] tables = device.Read<int>(upload.Batch.BlockTables, Rows * Stride);
            for (int i = 0; i < batch.SequenceCount; i++) Assert.Equal(walk.Tables[i], tables.AsSpan(i * Stride, walk.Tables[i].Length).ToArray());
        }
    }
}
