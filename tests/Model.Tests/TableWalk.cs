namespace Llama.Model.Tests;

/// <summary>Decode steps of sequences that come, grow, have a block replaced, and end at random, so that rows change hands; laid out in one batch, as the scheduler does.</summary>
internal sealed class TableWalk(int seed, int rows, int stride, int blockSize)
{
    private readonly Random _random = new(seed);
    private readonly ForwardBatch _batch = new(rows, rows, stride);
    private readonly List<(long Edition, List<int> Blocks)> _sequences = [];
    private long _lastEdition;

    /// <summary>[sequences] the tables of the last step.</summary>
    public int[][] Tables => [.. _sequences.Select(sequence => sequence.Blocks.ToArray())];

    /// <summary>The same batch each time.</summary>
    public ForwardBatch Next()
    {
        _sequences.RemoveAll(sequence => sequence.Blocks.Count == stride || _random.Next(20) == 0);
        foreach ((_, List<int> blocks) in _sequences)
            if (_random.Next(3) == 0) blocks.Add(_random.Next(100));
        for (int i = 0; i < _sequences.Count; i++)
            if (_random.Next(20) == 0) Replace(i);
        if (_sequences.Count < rows && (_sequences.Count == 0 || _random.Next(3) == 0)) _sequences.Insert(_random.Next(_sequences.Count + 1), (++_lastEdition, [_random.Next(100)]));
        return Lay();
    }

    private void Replace(int sequence)
    {
        List<int> blocks = _sequences[sequence].Blocks;
        blocks[_random.Next(blocks.Count)] = _random.Next(100);
        _sequences[sequence] = (++_lastEdition, blocks);
    }

    private ForwardBatch Lay()
    {
        _batch.Clear();
        (_batch.TokenCount, _batch.SequenceCount, _batch.SampleCount, _batch.MayRunAhead) = (_sequences.Count, _sequences.Count, _sequences.Count, true);
        for (int i = 0; i < _sequences.Count; i++)
        {
            _batch.TokenStarts[i + 1] = i + 1;
            _batch.ContextLengths[i] = _sequences[i].Blocks.Count * blockSize;
            _batch.NextSlots[i] = _random.Next(4) - 1; // some end
            _batch.SetBlocks(i, _sequences[i].Edition, _sequences[i].Blocks.ToArray());
        }
        return _batch;
    }
}
