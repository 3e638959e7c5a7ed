using Llama.Gateway.Configuration;
using Llama.Gateway.Forwarding;
using Llama.Gateway.Health;
using Llama.Gateway.Telemetry;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Tests;

public sealed class EjectionTests
{
    private static readonly Outcome[] Grounds = [Outcome.Broke, Outcome.Unavailable, Outcome.Unreached, Outcome.Failed];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Consider_AnyOutcome_TakesOutWhatIsGoneForAsLongAsTwoProbesTakeAndSaysSoOnce(int probeSeconds)
    {
        foreach (Outcome outcome in Enum.GetValues<Outcome>())
        {
            var health = new FakeHealth();
            var meters = new TestMeterFactory();
            using var ejections = new MetricCollector<long>(meters, GatewayMetrics.MeterName, "gateway_ejections_total");
            var log = new FakeLogger<Ejection>();
            var ejection = new Ejection(health, Options.Create(new GatewaySettings { ProbeSeconds = probeSeconds }), new GatewayMetrics(meters), log);
            var replica = new DestinationState("a", new DestinationModel(new DestinationConfig { Address = "http://a" }));
            ejection.Consider(new ClusterState("replicas"), replica, outcome);
            ejection.Consider(new ClusterState("replicas"), replica, outcome); // another request that was under way

            bool isOut = Grounds.Contains(outcome);
            Assert.Equal(isOut ? DestinationHealth.Unhealthy : DestinationHealth.Unknown, replica.Health.Passive);
            Assert.Equal(isOut ? [TimeSpan.FromSeconds(2 * probeSeconds)] : [], health.Periods);
            Assert.Equal(isOut ? [$"{outcome}"] : [], ejections.GetMeasurementSnapshot().Select(one => one.Tags["reason"] as string));
            Assert.Equal(isOut ? [$"http://a gets no requests for now: {outcome}"] : [], log.Collector.GetSnapshot().Select(line => line.Message));
        }
    }
}
