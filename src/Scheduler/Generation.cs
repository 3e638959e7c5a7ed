using System.Threading.Channels;
using Llama.Model;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling;

/// <summary>The caller's end of one accepted request. Disposing it before its last event aborts the request and frees its blocks within one step.</summary>
public sealed class Generation : IAsyncDisposable
{
    private readonly Sequence _sequence;
    private readonly Inbox _inbox;
    private readonly EventReader _events;

    internal Generation(Sequence sequence, Inbox inbox) => (_sequence, _inbox, _events) = (sequence, inbox, new EventReader(sequence));

    /// <summary>Number of the request in this engine, from 1.</summary>
    public long Id => _sequence.Id;

    /// <summary>Whether it waits for room: not yet admitted, or preempted. Of a moment ago.</summary>
    public bool IsWaiting => _sequence.State is SequenceState.Waiting or SequenceState.Attached;

    /// <summary>Prompt tokens whose keys and values were found in the cache; final once the first event is there.</summary>
    public int CachedTokenCount => _sequence.CachedTokenCount;

    /// <summary>The prompt's tokens from the second on, with their log-probabilities and ranks; there once the first event is, empty when none were asked for.</summary>
    public IReadOnlyList<ScoredToken> PromptLogprobs => _sequence.Readout?.Scores ?? [];

    /// <summary>[hidden] mean of the prompt's last hidden states, after the final norm; there once the first event is, when it was asked for.</summary>
    public float[]? Embedding => _sequence.Readout?.Mean;

    /// <summary>When it went from stage to stage; all but the last token's time is final once the first token was told of.</summary>
    public Milestones Milestones => _sequence.AnnouncedCount > 0
        ? new Milestones(_sequence.Arrival, _sequence.AdmittedAt, _sequence.FirstTokenAt, _sequence.LastTokenAt)
        : new Milestones(_sequence.Arrival, null, null, null);

    /// <summary>Tokens and, on the last event, the ending; completes after that event. For one reader.</summary>
    public ChannelReader<GenerationEvent> Events => _events;

    /// <summary>
    /// Set before <see cref="Events"/> are waited for, by a reader that does little at each and never blocks: it then goes on where others of the same step do, one after another on one
    /// thread. Waking a thread for each costs more than what most do.
    /// </summary>
    public bool GoesOnInChain { set => _events.GoesOnInChain = value; }

    /// <summary>Ends the request within one step, if it has not ended; safe from any thread and more than once.</summary>
    public void Abort()
    {
        // An abort after the end finds a finished sequence and does nothing, so this needs no agreement with the engine's thread.
        _inbox.TryPost(MessageKind.Abort, _sequence);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    /// <summary>Where the engine's thread publishes its events.</summary>
    internal EventReader Reader => _events;
}
