using System.Diagnostics.Metrics;
using Llama.Model;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>What dashboards are told.</summary>
public sealed class MetricsTests
{
    private readonly Dictionary<string, List<double>> _measured = [];
    private readonly List<string> _finished = [];

    [Fact]
    public async Task Metrics_OfAFewRequests_AddUp()
    {
        ManualClock clock = new();
        using TestMeterFactory meters = new();
        using MeterListener listener = ListenTo(meters);
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 128, BlockSize: 4, BlockCount: 64);
        FakeModel model = new() { VocabSize = 1000 };
        await using (Engine engine = new(
            () => new FakeModelRunner(limits, model) { OnStep = _ => clock.Advance(TimeSpan.FromSeconds(1)) }, new SchedulerOptions(), clock, meters))
        {
            await engine.Loaded;
            await Complete(engine, Rig.Request(9, maxTokens: 3));
            await Complete(engine, Rig.Request(9, maxTokens: 1));
            await Complete(engine, Rig.Request(9, maxTokens: 9) with { Timeout = TimeSpan.Zero });
            listener.RecordObservableInstruments();
        }
        Assert.Equal([0, 9, 9], _measured["vllm.prompt_tokens_total"]);
        Assert.Equal(4, _measured["vllm.generation_tokens_total"].Sum());
        Assert.Equal(["length", "length", "deadline"], _finished);
        Assert.Equal([0, 0, 8], _measured["vllm.prefix_cache_hits_total"]);
        Assert.Equal([0, 9, 9], _measured["vllm.prefix_cache_queries_total"]);
        Assert.Equal([1, 1], _measured["vllm.time_to_first_token_seconds"]);
        Assert.Equal([1, 1], _measured["vllm.inter_token_latency_seconds"]);
        Assert.Equal([3, 1, 0], _measured["vllm.e2e_request_latency_seconds"]);
        Assert.Equal([0, 0], _measured["vllm.request_queue_time_seconds"]);
        Assert.Equal([1, 1], _measured["vllm.request_prefill_time_seconds"]);
        Assert.Equal([2, 0], _measured["vllm.request_decode_time_seconds"]);
        Assert.Equal([9, 9, 9], _measured["vllm.request_prompt_tokens"]);
        Assert.Equal([3, 1, 0], _measured["vllm.request_generation_tokens"]);
        Assert.Equal([9, 1, 1, 1], _measured["vllm.iteration_tokens_total"]);
        Assert.Equal([1, 1, 1, 1], _measured["llama.step_seconds"]);
        Assert.Equal([0], _measured["vllm.num_requests_running"]);
        Assert.Equal([0], _measured["vllm.num_requests_waiting"]);
        Assert.Equal([0], _measured["vllm.kv_cache_usage_perc"]);
        Assert.Equal([0, 2, 62], _measured["llama.kv_blocks"]); // used, cached, free
    }

    [Fact]
    public async Task Metrics_OfAProbe_CountNothing()
    {
        using TestMeterFactory meters = new();
        using MeterListener listener = ListenTo(meters);
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 128, BlockSize: 4, BlockCount: 64);
        await using (Engine engine = new(() => new FakeModelRunner(limits, new FakeModel { VocabSize = 1000 }), new SchedulerOptions(), new ManualClock(), meters))
        {
            await engine.Loaded;
            await Complete(engine, Rig.Request(5, maxTokens: 3) with { IsProbe = true });
        }
        Assert.Equal(0, _measured.Values.Sum(values => values.Sum()));
        Assert.Equal(["llama.trace_requests_lost_total", "vllm.generation_tokens_total", "vllm.num_preemptions_total", "vllm.prefix_cache_hits_total", "vllm.prefix_cache_queries_total", "vllm.prompt_tokens_total", "vllm.request_success_total"], _measured.Keys.Order());
    }

    [Fact]
    public async Task Metrics_OfAnswersToOnePrompt_CountItOnce()
    {
        using TestMeterFactory meters = new();
        using MeterListener listener = ListenTo(meters);
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 128, BlockSize: 4, BlockCount: 64);
        await using (Engine engine = new(() => new FakeModelRunner(limits, new FakeModel { VocabSize = 1000 }), new SchedulerOptions(), new ManualClock(), meters))
        {
            await engine.Loaded;
            GenerationRequest request = Rig.Request(9, maxTokens: 3);
            Assert.True(engine.TrySubmit([request, request, request], out IReadOnlyList<Generation>? generations, out _));
            foreach (Generation generation in generations) await ReadAll(generation);
        }
        Assert.Equal([0, 9], _measured["vllm.prompt_tokens_total"]);
        Assert.Equal([0, 9], _measured["vllm.prefix_cache_queries_total"]);
        Assert.Equal(9, _measured["vllm.generation_tokens_total"].Sum());
        Assert.Equal([9, 3, 3], _measured["vllm.iteration_tokens_total"]);
        Assert.Equal(3, _measured["vllm.time_to_first_token_seconds"].Count);
        Assert.Equal(3, _measured["vllm.request_queue_time_seconds"].Count);
        Assert.Equal(["length", "length", "length"], _finished);
    }

    [Fact]
    public async Task Metrics_OfForcedTokens_TimeTheFirstOneAndCountAll()
    {
        ManualClock clock = new();
        using TestMeterFactory meters = new();
        using MeterListener listener = ListenTo(meters);
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 128, BlockSize: 4, BlockCount: 64);
        FakeModel model = new() { VocabSize = 1000 };
        await using (Engine engine = new(
            () => new FakeModelRunner(limits, model) { OnStep = _ => clock.Advance(TimeSpan.FromSeconds(1)) }, new SchedulerOptions(), clock, meters))
        {
            await engine.Loaded;
            await Complete(engine, Rig.Request(9, maxTokens: 9) with { Guide = new FakeGuide(1000, [[5], [6], [7, 8], [9]]) });
        }
        Assert.Equal([1], _measured["vllm.time_to_first_token_seconds"]);
        Assert.Equal([0, 0, 0], _measured["vllm.inter_token_latency_seconds"]);
        Assert.Equal(4, _measured["vllm.generation_tokens_total"].Sum());
        Assert.Equal([11], _measured["vllm.iteration_tokens_total"]);
        Assert.Equal([1], _measured["vllm.request_prefill_time_seconds"]);
        Assert.Equal(["stop"], _finished);
    }

    private static async Task Complete(Engine engine, GenerationRequest request)
    {
        Assert.True(engine.TrySubmit(request, out Generation? generation, out _));
        await ReadAll(generation);
    }

    private static async Task ReadAll(Generation generation)
    {
        await foreach (GenerationEvent _ in generation.Events.ReadAllAsync()) { }
    }

    private MeterListener ListenTo(TestMeterFactory meters)
    {
        MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == meters) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();
        return listener;
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!_measured.TryGetValue(instrument.Name, out List<double>? values)) _measured[instrument.Name] = values = [];
        values.Add(value);
        if (tags.Length > 0 && tags[0].Key == "finished_reason" && value > 0) _finished.Add((string)tags[0].Value!);
    }
}
