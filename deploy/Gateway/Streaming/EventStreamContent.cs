using System.Net;

namespace Llama.Gateway.Streaming;

/// <summary>A replica's stream of events as the caller is to get it: <see cref="EventStream"/>.</summary>
/// <param name="content">What the replica sends.</param>
/// <param name="broken">The event to end with when the replica breaks off.</param>
/// <param name="limits">When it is taken for broken off although it is not.</param>
/// <param name="onBreak">Called when it breaks off.</param>
internal sealed class EventStreamContent(HttpContent content, BreakEvent broken, StreamLimits limits, Action onBreak) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => new EventStream(await content.ReadAsStreamAsync(), broken, limits, onBreak);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new EventStream(await content.ReadAsStreamAsync(cancellationToken), broken, limits, onBreak);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using Stream events = await CreateContentReadStreamAsync();
        await events.CopyToAsync(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            content.Dispose();
        base.Dispose(disposing);
    }
}
