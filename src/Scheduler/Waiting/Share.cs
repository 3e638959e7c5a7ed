namespace Llama.Scheduling.Waiting;

/// <summary>One key's requests in order of arrival, and the tokens it may still spend before the next key's turn.</summary>
internal sealed class Share(int key)
{
    public int Key => key;

    public LinkedList<Sequence> Sequences { get; } = new();

    public long Deficit { get; set; }
}
