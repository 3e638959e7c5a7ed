using System.Buffers;

namespace Llama.Model.Text.Bpe;

/// <summary>A growing list on a rented array; dispose it to give the array back.</summary>
internal ref struct PooledList<T>(int capacity)
{
    private T[] _items = ArrayPool<T>.Shared.Rent(Math.Max(capacity, 16));

    public int Count { get; private set; }

    public readonly Span<T> Items => _items.AsSpan(0, Count);

    public void Add(T item)
    {
        if (Count == _items.Length) Grow(Count + 1);
        _items[Count++] = item;
    }

    public void Add(ReadOnlySpan<T> items) => items.CopyTo(Extend(items.Length));

    /// <summary>Lengthens the list and returns the new part for the caller to fill.</summary>
    public Span<T> Extend(int count)
    {
        if (Count + count > _items.Length) Grow(Count + count);
        Count += count;
        return _items.AsSpan(Count - count, count);
    }

    public void Truncate(int count) => Count = count;

    public readonly void Dispose() => ArrayPool<T>.Shared.Return(_items);

    private void Grow(int needed)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, _items.Length * 2));
        Items.CopyTo(larger);
        ArrayPool<T>.Shared.Return(_items);
        _items = larger;
    }
}
