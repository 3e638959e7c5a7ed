using System.Diagnostics.Metrics;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>What a caller saw of one generation.</summary>
internal readonly record struct Seen(FinishReason Finish, int TokenCount);

/// <summary>Adds up what an engine measures, to be compared with what its callers saw. Read once the engine has ended: its thread writes.</summary>
internal sealed class Ledger : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, (int Count, double Sum)> _measured = [];

    public Ledger()
    {
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == Meters) self.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public TestMeterFactory Meters { get; } = new();

    public void AssertTellsOf(IReadOnlyList<Seen> seen)
    {
        int tokens = seen.Sum(each => each.TokenCount), begun = seen.Count(each => each.TokenCount > 0);
        Assert.Equal(
            [
                ("abort", Ended(FinishReason.Aborted)), ("deadline", Ended(FinishReason.Deadline)), ("error", Ended(FinishReason.Failed)), ("length", Ended(FinishReason.Length)),
                ("stop", Ended(FinishReason.Stop, FinishReason.Completed)),
            ],
            new[] { "abort", "deadline", "error", "length", "stop" }.Select(reason => (reason, (int)Sum($"vllm.request_success_total {reason}"))));
        Assert.Equal((seen.Count, tokens), (Count("vllm.e2e_request_latency_seconds"), (int)Sum("vllm.generation_tokens_total")));
        Assert.Equal((seen.Count, tokens), (Count("vllm.request_generation_tokens"), (int)Sum("vllm.request_generation_tokens")));
        Assert.Equal((begun, tokens - begun), (Count("vllm.time_to_first_token_seconds"), Count("vllm.inter_token_latency_seconds")));
        Assert.Equal((begun, begun), (Count("vllm.request_prefill_time_seconds"), Count("vllm.request_decode_time_seconds")));
        Assert.InRange(Count("vllm.request_queue_time_seconds"), begun, seen.Count);
        Assert.Equal(Sum("vllm.prompt_tokens_total"), Sum("vllm.prefix_cache_queries_total"));
        Assert.InRange(Sum("vllm.prefix_cache_hits_total"), 0, Sum("vllm.prefix_cache_queries_total"));

        int Ended(params FinishReason[] reasons) => seen.Count(each => reasons.Contains(each.Finish));
    }

    public void Dispose()
    {
        _listener.Dispose();
        Meters.Dispose();
    }

    private int Count(string name) => _measured.GetValueOrDefault(name).Count;

    private double Sum(string name) => _measured.GetValueOrDefault(name).Sum;

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string name = tags.Length > 0 ? $"{instrument.Name} {tags[0].Value}" : instrument.Name;
        (int count, double sum) = _measured.GetValueOrDefault(name);
        _measured[name] = (count + 1, sum + value);
    }
}
