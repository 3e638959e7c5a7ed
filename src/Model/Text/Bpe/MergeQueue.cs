namespace Llama.Model.Text.Bpe;

/// <summary>A possible merge of two symbols, as they were when it was proposed.</summary>
/// <param name="Key">Rank above, position of the left symbol below, so that one comparison orders by rank and then from left to right.</param>
internal readonly record struct MergeCandidate(ulong Key, int Right, int Length, int Id)
{
    public static MergeCandidate Of(Merge merge, int left, int right, int length) =>
        new(((ulong)(uint)merge.Rank << 32) | (uint)left, right, length, merge.Id);

    public int Left => (int)(uint)Key;
}

/// <summary>A binary heap of merges, least key first.</summary>
internal ref struct MergeQueue(int capacity)
{
    private PooledList<MergeCandidate> _heap = new(capacity);

    public void Push(MergeCandidate candidate)
    {
        _heap.Add(candidate);
        Span<MergeCandidate> heap = _heap.Items;
        int index = heap.Length - 1;
        while (index > 0 && heap[(index - 1) / 2].Key > candidate.Key)
        {
            heap[index] = heap[(index - 1) / 2];
            index = (index - 1) / 2;
        }
        heap[index] = candidate;
    }

    public bool TryPop(out MergeCandidate least)
    {
        least = default;
        if (_heap.Count == 0) return false;
        least = _heap.Items[0];
        MergeCandidate last = _heap.Items[^1];
        _heap.Truncate(_heap.Count - 1);
        if (_heap.Count > 0) SiftDown(_heap.Items, last);
        return true;
    }

    public readonly void Dispose() => _heap.Dispose();

    private static void SiftDown(Span<MergeCandidate> heap, MergeCandidate candidate)
    {
        int index = 0;
        for (int child = 1; child < heap.Length; child = 2 * index + 1)
        {
            if (child + 1 < heap.Length && heap[child + 1].Key < heap[child].Key) child++;
            if (heap[child].Key >= candidate.Key) break;
            heap[index] = heap[child];
            index = child;
        }
        heap[index] = candidate;
    }
}
