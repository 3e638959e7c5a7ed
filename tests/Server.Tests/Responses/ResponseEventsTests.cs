using System.IO.Pipelines;
using Llama.Server.Responses;
using Llama.Server.Streaming;

namespace Llama.Server.Tests.Responses;

public sealed class ResponseEventsTests
{
    [Fact]
    public async Task SendTextDelta_Warm_AllocatesNothing()
    {
        var pipe = new Pipe();
        await using var writer = new SseWriter(pipe.Writer, TimeSpan.FromHours(1), TimeProvider.System);
        var events = new ResponseEvents(writer, padsDeltas: false);
        long Send(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                Assert.True(events.SendTextDeltaAsync(0, "msg_1", stream: null, []).IsCompletedSuccessfully);
                pipe.Reader.TryRead(out ReadResult read);
                pipe.Reader.AdvanceTo(read.Buffer.End);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Send(200);

        long least = Math.Min(Send(1000), Math.Min(Send(1000), Send(1000))); // the runtime may allocate once; what an event allocates is in each
        Assert.InRange(least, 0, 1000); // under a byte per event: nothing is allocated for any one of them
    }
}
