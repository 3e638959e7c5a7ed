using System.IO.Pipelines;
using Llama.Server.Responses;
using Llama.Server.Streaming;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Responses;

public sealed class ResponseEventsTests
{
    [Fact]
    public async Task SendTextDelta_Warm_AllocatesNothing()
    {
        var pipe = new Pipe();
        await using var writer = new SseWriter(pipe.Writer, TimeSpan.FromHours(1), TimeProvider.System);
        var events = new ResponseEvents(writer, padsDeltas: false);
        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(events.SendTextDeltaAsync(0, "msg_1", stream: null, []).IsCompletedSuccessfully);
                pipe.Reader.TryRead(out ReadResult read);
                pipe.Reader.AdvanceTo(read.Buffer.End);
            }
        }

        Send(200);

        Assert.InRange(Allocated.InStretch(() => Send(1000)), 0, 1000); // under a byte per event: nothing is allocated for any one of them
    }
}
