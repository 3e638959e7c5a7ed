using Llama.Model;
using Llama.Model.Offload;
using Llama.Server.Bench.Local;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Tests.Bench;

/// <summary>What is told of weights that stream, of runs that were made up.</summary>
public sealed class StreamResultTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(60);

    [Fact]
    public void Of_Runs_ComparesEachTokenWithReadingWhatItRead()
    {
        LatencyRun[] runs = [Run(100e6, 10), Run(200e6, 20), Run(300e6, 30)];

        StreamResult result = StreamResult.Of(runs, Distribution.Of([4, 2, 8]), Distribution.Of([1, 2, 1]))!;

        Assert.Equal(new StreamResult(200e6, 100, 20, 50, 200), result); // 200 MB at 4 GB/s and at 1
        Assert.Equal((0.5, 2), (result.ReadShare, result.SingleReadShare));
        Assert.Null(StreamResult.Of(runs, Distribution.Of([4]), null)!.SingleReadShare);
        Assert.Null(StreamResult.Of(runs, null, null));
        Assert.Null(StreamResult.Of([], Distribution.Of([4]), null));
        Assert.Null(StreamResult.Of([Run(0, 0)], Distribution.Of([4]), null));
        Assert.Null(StreamResult.Of([Run(100e6, null)], Distribution.Of([4]), null)!.WaitMs);

        static LatencyRun Run(double bytes, double? wait) => new(1, 100, 1, 1, 1, bytes, wait);
    }

    [Fact]
    public void Of_Steps_CountsThoseThatDrawATokenOfEachSequence()
    {
        GenerationTimes[] batch = [new(0, 1, 3, TokenCount: 4, 0), new(0, 1, 3, TokenCount: 4, 0)];
        StepTime[] steps = [Step(16, 2, 1000), Step(2, 2, 300), Step(2, 2, 300), Step(2, 2, 600)];

        LatencyRun run = LatencyRun.Of(batch, 8, steps);

        Assert.Equal((400, 60), (run.StreamedBytes, run.StreamWait));
        Assert.Null(LatencyRun.Of(batch, 8, [Step(2, 2, 300) with { Streamed = new Streamed(300, null) }]).StreamWait);

        static StepTime Step(int tokens, int samples, long bytes) => new(tokens, samples, 1, 1, new Streamed(bytes, Wait));
    }

    [Fact]
    public void On_SeveralDevices_AddsUpThoseThatStream()
    {
        DeviceShare host = new("cpu:0", 1, 1, null) { Traffic = new StreamTraffic(isWaitedFor: true) }, gpu = new("cuda:0", 1, 1, 1) { Traffic = new StreamTraffic(isWaitedFor: false) }, whole = new("cpu:1", 1, 1, null);

        Assert.Equal(new Streamed(0, TimeSpan.Zero), Streamed.On([host, whole]));
        Assert.Null(Streamed.On([host, gpu]).Waited);
    }
}
