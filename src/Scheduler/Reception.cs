using System.Diagnostics.CodeAnalysis;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling;

/// <summary>Takes requests in on their callers' threads: those that the <see cref="Gate"/> lets in get a number and go to the engine's thread.</summary>
internal sealed class Reception(Gate gate, Backlog backlog, Inbox inbox, TimeProvider clock)
{
    private long _lastId;

    /// <summary>As <see cref="Engine.TrySubmit(IReadOnlyList{GenerationRequest}, out IReadOnlyList{Generation}?, out Refusal?)"/>.</summary>
    public bool TryTake(
        IReadOnlyList<GenerationRequest> requests, [NotNullWhen(true)] out IReadOnlyList<Generation>? generations, [NotNullWhen(false)] out Refusal? refusal)
    {
        Gate.CheckArguments(requests);
        generations = null;
        refusal = gate.TryEnter(requests);
        if (refusal is not null) return false;

        PromptReadout? readout = PromptReadout.Of(requests[0], gate.HiddenSize);
        Sequence[] sequences = [.. requests.Select(request => Create(request, readout))];
        if (sequences.Length > 1) _ = new PromptGroup(sequences);
        if (!gate.IsOpen || !inbox.TryPost(MessageKind.Submit, sequences[0])) // the engine drains, or ended, since they were let in
        {
            foreach (Sequence sequence in sequences) backlog.Leave(sequence);
            inbox.TryPost(MessageKind.Wake); // it may wait for them alone
            refusal = Gate.Closed;
            return false;
        }
        generations = [.. sequences.Select(sequence => sequence.Generation!)];
        return true;
    }

    private Sequence Create(GenerationRequest request, PromptReadout? readout)
    {
        long now = clock.GetTimestamp();
        // Conversion to long saturates: a timeout beyond the clock's range is none.
        long deadline = request.Timeout is { } timeout ? (long)(now + (timeout.TotalSeconds * clock.TimestampFrequency)) : long.MaxValue;
        Sequence sequence = new(Interlocked.Increment(ref _lastId), request, now, deadline) { Readout = readout };
        sequence.Generation = new Generation(sequence, inbox);
        return sequence;
    }
}
