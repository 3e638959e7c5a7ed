using System.Threading.Channels;

namespace Llama.Scheduling;

/// <summary>The caller's end of one accepted request. Disposing it before its last event aborts the request and frees its blocks within one step.</summary>
public sealed class Generation : IAsyncDisposable
{
    /// <summary>Number of the request in this engine, from 1.</summary>
    public long Id => throw new NotImplementedException();

    /// <summary>Prompt tokens whose keys and values were found in the cache; final once the first event is there.</summary>
    public int CachedTokenCount => throw new NotImplementedException();

    /// <summary>Tokens and, on the last event, the ending; completes after that event.</summary>
    public ChannelReader<GenerationEvent> Events => throw new NotImplementedException();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
