namespace Llama.Model.Verification;

/// <summary>Steps over sequences whose blocks are scattered over a cache.</summary>
internal sealed class PagedSteps
{
    private readonly int _blockSize, _stride;
    private readonly int[] _lengths, _blocks;

    /// <param name="blockSize">Tokens per block.</param>
    /// <param name="lengths">Tokens of each sequence.</param>
    /// <param name="stride">Entries of a block table.</param>
    public PagedSteps(int blockSize, int[] lengths, int stride)
    {
        (_blockSize, _lengths, _stride) = (blockSize, lengths, stride);
        BlockCount = 2 * _stride * lengths.Length; // the second half is free
        _blocks = [.. Enumerable.Range(0, BlockCount)];
        new Random(5).Shuffle(_blocks);
    }

    /// <summary>Blocks of the cache.</summary>
    public int BlockCount { get; }

    /// <summary>A step that computes every token.</summary>
    public ForwardBatch Whole() => Last(int.MaxValue);

    /// <summary>A step that computes the last tokens of each sequence.</summary>
    /// <param name="most">How many of each, where it has as many.</param>
    public ForwardBatch Last(int most)
    {
        ForwardBatch batch = new(_lengths.Sum(length => Math.Min(length, most)), _lengths.Length, _stride) { SequenceCount = _lengths.Length };
        for (int s = 0; s < _lengths.Length; s++)
        {
            _blocks.AsSpan(s * _stride, _stride).CopyTo(batch.BlockTables.AsSpan(s * _stride));
            batch.ContextLengths[s] = _lengths[s];
            for (int position = Math.Max(0, _lengths[s] - most); position < _lengths[s]; position++, batch.TokenCount++)
            {
                batch.Positions[batch.TokenCount] = position;
                batch.Slots[batch.TokenCount] = _blocks[s * _stride + position / _blockSize] * _blockSize + position % _blockSize;
            }
            batch.TokenStarts[s + 1] = batch.TokenCount;
        }
        return batch;
    }

    /// <summary>A step of the last token of each sequence, whose last block was copied to a free one.</summary>
    public ForwardBatch LastOfCopies()
    {
        ForwardBatch batch = Last(1);
        for (int s = 0; s < _lengths.Length; s++)
        {
            int at = s * _stride + (_lengths[s] - 1) / _blockSize, target = _blocks[BlockCount / 2 + s];
            batch.Copies[batch.CopyCount++] = new BlockCopy(Source: batch.BlockTables[at], Target: target);
            batch.BlockTables[at] = target;
            batch.Slots[s] = target * _blockSize + (_lengths[s] - 1) % _blockSize;
        }
        return batch;
    }
}
