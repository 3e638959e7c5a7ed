using System.Threading.Channels;
using Llama.Model;

namespace Llama.Scheduling;

/// <summary>The caller's end of one accepted request. Disposing it before its last event aborts the request and frees its blocks within one step.</summary>
public sealed class Generation : IAsyncDisposable
{
    private readonly Channel<GenerationEvent> _events =
        Channel.CreateUnbounded<GenerationEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly Sequence _sequence;
    private readonly Inbox _inbox;

    internal Generation(Sequence sequence, Inbox inbox) => (_sequence, _inbox) = (sequence, inbox);

    /// <summary>Number of the request in this engine, from 1.</summary>
    public long Id => _sequence.Id;

    /// <summary>Prompt tokens whose keys and values were found in the cache; final once the first event is there.</summary>
    public int CachedTokenCount => _sequence.CachedTokenCount;

    /// <summary>The prompt's tokens from the second on, with their log-probabilities and ranks; there once the first event is, empty when none were asked for.</summary>
    public IReadOnlyList<ScoredToken> PromptLogprobs => _sequence.Readout?.Scores ?? [];

    /// <summary>[hidden] mean of the prompt's last hidden states, after the final norm; there once the first event is, when it was asked for.</summary>
    public float[]? Embedding => _sequence.Readout?.Mean;

    /// <summary>Tokens and, on the last event, the ending; completes after that event.</summary>
    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        // An abort after the end finds a finished sequence and does nothing, so this needs no agreement with the engine's thread.
        _inbox.TryPost(MessageKind.Abort, _sequence);
        return ValueTask.CompletedTask;
    }

    internal void Publish(in Outcome outcome)
    {
        // Unbounded: a slow reader costs memory up to its own token limit, and never holds up the engine.
        _events.Writer.TryWrite(new GenerationEvent(outcome.Token, outcome.Finish));
        if (outcome.Finish is not null) _events.Writer.TryComplete();
    }
}
