using System.Threading.Channels;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling;

/// <summary>The one way into the engine's thread.</summary>
internal sealed class Inbox
{
    // Continuations run on the writer: the only one is the wake-up of a blocked engine thread, which must not wait for a free thread of the pool.
    private readonly Channel<Message> _messages =
        Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    public bool IsEmpty => !_messages.Reader.TryPeek(out _);

    /// <summary>False once the inbox is closed.</summary>
    public bool TryPost(MessageKind kind, Sequence? sequence = null) => _messages.Writer.TryWrite(new Message(kind, sequence));

    public bool TryTake(out Message message) => _messages.Reader.TryRead(out message);

    /// <summary>Puts the calling thread to sleep until there is a message or the inbox is closed.</summary>
    public void Wait() => _messages.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    public void Close() => _messages.Writer.TryComplete();
}
