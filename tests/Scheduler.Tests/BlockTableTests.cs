using Llama.Scheduling.Blocks;

namespace Llama.Scheduling.Tests;

/// <summary>Batches keep their copies of a table for as long as it has the same edition.</summary>
public sealed class BlockTableTests
{
    [Fact]
    public void Edition_BlocksAreAdded_Stays()
    {
        BlockTable table = TableOf(3, 4);
        long edition = table.Edition;
        table.Add(5);
        Assert.Equal(edition, table.Edition);
        Assert.NotEqual(0, edition);
    }

    [Fact]
    public void Edition_BlockReplacedOrAllGivenBack_IsOneThatNoTableHad()
    {
        BlockTable table = TableOf(3, 4), other = TableOf(3, 4);
        List<long> editions = [other.Edition, table.Edition];
        table[1] = 7;
        editions.Add(table.Edition);
        table.Clear();
        editions.Add(table.Edition);
        Assert.Equal(editions.Distinct(), editions);
    }

    private static BlockTable TableOf(params int[] blocks)
    {
        BlockTable table = new();
        table.Reserve(8);
        foreach (int block in blocks) table.Add(block);
        return table;
    }
}
