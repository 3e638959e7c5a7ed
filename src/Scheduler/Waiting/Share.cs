using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Waiting;

/// <summary>One key's requests in order of arrival, and the tokens it may still spend before the next key's turn.</summary>
internal sealed class Share(int key)
{
    public int Key => key;

    /// <summary>Quanta that a turn brings; that of the latest request, since a key's weight may be changed while the server runs.</summary>
    public int Weight { get; set; } = 1;

    public LinkedList<Sequence> Sequences { get; } = new();

    public long Deficit { get; set; }
}
