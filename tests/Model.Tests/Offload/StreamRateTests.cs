using Llama.Model.Offload;

namespace Llama.Model.Tests.Offload;

public sealed class StreamRateTests
{
    [Fact]
    public void Of_StagesOfSharers_AddsUpStagesAndWaitsForTheSlowestOfEach()
    {
        StreamRate?[] devices = [new(100, 1), new(100, 3), null, new(50, 2)];

        Assert.Equal(new StreamRate(250, 6), StreamRate.Of(devices, sharers: 1));
        Assert.Equal(new StreamRate(250, 5), StreamRate.Of(devices, sharers: 2));
        Assert.Equal(50, StreamRate.Of(devices, sharers: 2)!.Value.BytesPerSecond);
        Assert.Null(StreamRate.Of([null, null], sharers: 1));
        Assert.Equal(7 + 1, StreamRate.Of([new(100, 2, 7), new(100, 1)], sharers: 1)!.Value.SingleSeconds);
        Assert.Equal(9, StreamRate.Of([new(100, 2, 7), new(100, 1, 9)], sharers: 2)!.Value.SingleSeconds);
    }
}
