using System.Net;
using CsCheck;
using Llama.Gateway.Health;
using Llama.Gateway.Telemetry;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Testing;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Tests;

public sealed class ReadinessTests
{
    /// <summary>What a probe may come to.</summary>
    private enum Probe
    {
        Yes,
        No,
        Unreachable,
        Silent,
    }

    /// <summary>Rounds of probes to as many replicas; silence is frequent.</summary>
    private static readonly Gen<Probe[][]> Rounds = Gen.Int[1, 4].SelectMany(count => Gen.Frequency((1, Gen.Const(Probe.Yes)), (1, Gen.Const(Probe.No)), (1, Gen.Const(Probe.Unreachable)), (4, Gen.Const(Probe.Silent)))
        .Array[count].Array[1, 30]);

    [Fact]
    public void Health_AfterAnyProbes_IsTheLastAnswerUnlessSilenceWasTheReplicasOwnThreeTimes() => Rounds.Sample(rounds =>
    {
        var fleet = new Probed(rounds[0].Length);
        for (int round = 0; round < rounds.Length; round++)
        {
            fleet.Probe(rounds[round]);
            for (int i = 0; i < fleet.Replicas.Length; i++)
                Assert.Equal(Plain(rounds[..(round + 1)], i), fleet.Replicas[i].Health.Active);
        }
    });

    [Fact]
    public void Log_OfAnyProbes_TellsEachChangeOnceAndWhy() => Rounds.Sample(rounds =>
    {
        var fleet = new Probed(rounds[0].Length);
        List<string> expected = [];
        foreach (Probe[] round in rounds)
        {
            DestinationHealth[] before = [.. fleet.Replicas.Select(replica => replica.Health.Active)];
            fleet.Probe(round);
            expected.AddRange(fleet.Replicas.Index().Where(each => each.Item.Health.Active != before[each.Index]).Select(each => Line(each.Index, round[each.Index])));
        }

        Assert.Equal(expected, fleet.Log.Collector.GetSnapshot().Select(line => line.Message));
        Assert.Equal(expected.Count(line => line.Contains("not ready", StringComparison.Ordinal)), fleet.EjectionCount);
    });

    /// <summary>The same from the whole history.</summary>
    private static DestinationHealth Plain(Probe[][] rounds, int replica)
    {
        int last = Array.FindLastIndex(rounds, round => round[replica] != Probe.Silent);
        int silences = rounds[(last + 1)..].Count(round => round.Length == 1 || round.Any(probe => probe != Probe.Silent));
        return silences >= 3 ? DestinationHealth.Unhealthy : last < 0 ? DestinationHealth.Unknown : rounds[last][replica] == Probe.Yes ? DestinationHealth.Healthy : DestinationHealth.Unhealthy;
    }

    private static string Line(int replica, Probe probe) => probe switch
    {
        Probe.Yes => $"http://{replica} is ready",
        Probe.No => $"http://{replica} is not ready: 503",
        Probe.Unreachable => $"http://{replica} is not ready: unreachable",
        _ => $"http://{replica} is not ready: silent",
    };

    /// <summary>Replicas that are probed as a test says.</summary>
    private sealed class Probed
    {
        private readonly Readiness _readiness;
        private readonly MetricCollector<long> _ejections;

        public Probed(int count)
        {
            var meters = new TestMeterFactory();
            _ejections = new MetricCollector<long>(meters, GatewayMetrics.MeterName, "gateway_ejections_total");
            _readiness = new Readiness(new FakeHealth(), new GatewayMetrics(meters), Log);
            Replicas = [.. Enumerable.Range(0, count).Select(i => new DestinationState($"{i}", new DestinationModel(new DestinationConfig { Address = $"http://{i}" })))];
        }

        public DestinationState[] Replicas { get; }

        public FakeLogger<Readiness> Log { get; } = new();

        public int EjectionCount => _ejections.GetMeasurementSnapshot().Count;

        public void Probe(Probe[] round) => _readiness.ProbingCompleted(new ClusterState("replicas"), [.. Replicas.Zip(round, Result)]);

        private static DestinationProbingResult Result(DestinationState replica, Probe probe) => probe switch
        {
            ReadinessTests.Probe.Yes => new(replica, new HttpResponseMessage(HttpStatusCode.OK), null),
            ReadinessTests.Probe.No => new(replica, new HttpResponseMessage(HttpStatusCode.ServiceUnavailable), null),
            ReadinessTests.Probe.Unreachable => new(replica, null, new HttpRequestException("refused")),
            _ => new(replica, null, new OperationCanceledException()),
        };
    }
}
