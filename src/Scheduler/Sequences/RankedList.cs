namespace Llama.Scheduling.Sequences;

/// <summary>Sequences in order of <see cref="SequenceRank"/>.</summary>
internal sealed class RankedList(int capacity)
{
    private readonly List<Sequence> _sequences = new(capacity);

    public int Count => _sequences.Count;

    public Sequence First => _sequences[0];

    public Sequence Last => _sequences[^1];

    public void Add(Sequence sequence) => _sequences.Insert(~_sequences.BinarySearch(sequence, SequenceRank.Instance), sequence);

    public void Remove(Sequence sequence) => _sequences.RemoveAt(_sequences.BinarySearch(sequence, SequenceRank.Instance));

    public List<Sequence>.Enumerator GetEnumerator() => _sequences.GetEnumerator();

    public IEnumerable<Sequence> Enumerate() => _sequences;
}
