using System.Diagnostics.Metrics;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Metrics;

/// <summary>
/// What the engine measures, under the names that the field's dashboards know with a dot for the colon (OpenTelemetry's instrument names allow none).
/// Recording allocates nothing.
/// </summary>
internal sealed class EngineMetrics : IDisposable
{
    private static readonly double[] LatencySeconds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160];
    private static readonly double[] StepSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private static readonly double[] RequestSeconds = [0.05, 0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960];
    private static readonly int[] TokenCounts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
    private static readonly int[] StepTokenCounts = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
    private static readonly KeyValuePair<string, object?>[] FinishedReasons = // by FinishReason
        [.. Enum.GetValues<FinishReason>().Select(reason => new KeyValuePair<string, object?>("finished_reason", Spelled(reason)))];

    private static readonly KeyValuePair<string, object?>[] BlockStates = [.. new[] { "used", "cached", "free" }.Select(state => new KeyValuePair<string, object?>("state", state))];

    private readonly TimeProvider _clock;
    private readonly Meter _meter;
    private readonly Counter<long> _promptTokens, _generationTokens, _finished, _preemptions, _prefixQueries, _prefixHits, _unrecorded;
    private readonly Histogram<double> _timeToFirstToken, _interTokenLatency, _endToEnd, _queueTime, _prefillTime, _decodeTime, _step;
    private readonly Histogram<int> _requestPromptTokens, _requestGenerationTokens, _iterationTokens;

    public EngineMetrics(IMeterFactory meters, EngineCounters counters, TimeProvider clock)
    {
        _clock = clock;
        _meter = meters.Create(Engine.MeterName);
        ObserveGauges(counters);
        _promptTokens = _meter.CreateCounter<long>("vllm.prompt_tokens_total", description: "Prompt tokens of admitted requests.");
        _generationTokens = _meter.CreateCounter<long>("vllm.generation_tokens_total", description: "Tokens generated.");
        _finished = _meter.CreateCounter<long>("vllm.request_success_total", description: "Requests ended, by finished_reason.");
        _preemptions = _meter.CreateCounter<long>("vllm.num_preemptions_total", description: "Times a running request gave up its blocks.");
        _prefixQueries = _meter.CreateCounter<long>("vllm.prefix_cache_queries_total", description: "Prompt tokens looked up in the prefix cache.");
        _prefixHits = _meter.CreateCounter<long>("vllm.prefix_cache_hits_total", description: "Prompt tokens found in the prefix cache.");
        _unrecorded = _meter.CreateCounter<long>("llama.trace_requests_lost_total", description: "Requests missing in the file of Scheduler:TracePath, which could not be written, or not as fast as they ended.");
        _timeToFirstToken = Seconds("vllm.time_to_first_token_seconds", "From submission to the first token.", LatencySeconds);
        _interTokenLatency = Seconds("vllm.inter_token_latency_seconds", "Between two tokens of a request.", LatencySeconds);
        _endToEnd = Seconds("vllm.e2e_request_latency_seconds", "From submission to the end.", RequestSeconds);
        _queueTime = Seconds("vllm.request_queue_time_seconds", "From submission to admission.", RequestSeconds);
        _prefillTime = Seconds("vllm.request_prefill_time_seconds", "From admission to the first token.", RequestSeconds);
        _decodeTime = Seconds("vllm.request_decode_time_seconds", "From the first token to the last.", RequestSeconds);
        _requestPromptTokens = Tokens("vllm.request_prompt_tokens", "Prompt tokens of a request.", TokenCounts);
        _requestGenerationTokens = Tokens("vllm.request_generation_tokens", "Tokens generated for a request.", TokenCounts);
        _iterationTokens = Tokens("vllm.iteration_tokens_total", "Tokens computed in a step.", StepTokenCounts);
        _step = Seconds("llama.step_seconds", "Time of a step; of steps under way together, since the one before.", StepSeconds);
        StartCounters();
    }

    public void Admitted(Sequence sequence)
    {
        if (sequence.State == SequenceState.Running) // a fork's prompt was counted with its leader's
        {
            _promptTokens.Add(sequence.PromptLength);
            _prefixQueries.Add(sequence.PromptLength);
            _prefixHits.Add(sequence.CachedTokenCount);
        }
        _queueTime.Record(Between(sequence.Arrival, sequence.AdmittedAt!.Value));
    }

    public void Ran(int tokenCount, TimeSpan duration)
    {
        _iterationTokens.Record(tokenCount);
        _step.Record(duration.TotalSeconds);
    }

    public void Preempted(long count) => _preemptions.Add(count);

    public void Generated(in Outcome outcome)
    {
        _generationTokens.Add(1);
        // Several tokens of one step were all told of at its end: no time passed between them.
        (outcome.Number == 1 ? _timeToFirstToken : _interTokenLatency).Record(Between(outcome.Since, outcome.Sequence.LastTokenAt));
    }

    public void Ended(Sequence sequence, FinishReason reason)
    {
        _finished.Add(1, FinishedReasons[(int)reason]);
        _endToEnd.Record(Between(sequence.Arrival, _clock.GetTimestamp()));
        _requestPromptTokens.Record(sequence.PromptLength);
        _requestGenerationTokens.Record(sequence.AnnouncedCount);
        if (sequence.AnnouncedCount == 0) return;
        _prefillTime.Record(Between(sequence.AdmittedAt!.Value, sequence.FirstTokenAt));
        _decodeTime.Record(Between(sequence.FirstTokenAt, sequence.LastTokenAt));
    }

    /// <summary>A request ended that the trace should have and has not. From any thread.</summary>
    public void Unrecorded() => _unrecorded.Add(1);

    public void Dispose() => _meter.Dispose();

    /// <summary>A counter is scraped once it has been added to, and dashboards ask for its 0.</summary>
    private void StartCounters()
    {
        foreach (Counter<long> counter in new[] { _promptTokens, _generationTokens, _preemptions, _prefixQueries, _prefixHits, _unrecorded }) counter.Add(0);
        foreach (KeyValuePair<string, object?> reason in FinishedReasons) _finished.Add(0, reason);
    }

    private void ObserveGauges(EngineCounters counters)
    {
        _meter.CreateObservableGauge("vllm.num_requests_running", () => counters.RunningCount, description: "Requests with KV blocks.");
        _meter.CreateObservableGauge("vllm.num_requests_waiting", () => counters.WaitingCount, description: "Requests without KV blocks.");
        _meter.CreateObservableGauge("vllm.kv_cache_usage_perc", () => counters.UsedBlockShare, description: "Used KV blocks; 1 means all.");
        _meter.CreateObservableGauge<int>("llama.kv_blocks", () => Blocks(counters), description: "KV blocks: used by requests, cached for their prefixes until room is needed, and free.");
    }

    private static string Spelled(FinishReason reason) => reason switch
    {
        FinishReason.Stop or FinishReason.Completed => "stop",
        FinishReason.Length => "length",
        FinishReason.Aborted => "abort",
        FinishReason.Deadline => "deadline",
        _ => "error",
    };

    private static Measurement<int>[] Blocks(EngineCounters counters) =>
        [new(counters.UsedBlockCount, BlockStates[0]), new(counters.CachedBlockCount, BlockStates[1]), new(counters.FreeBlockCount, BlockStates[2])];

    private Histogram<double> Seconds(string name, string description, double[] boundaries) =>
        _meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private Histogram<int> Tokens(string name, string description, int[] boundaries) =>
        _meter.CreateHistogram(name, null, description, tags: null, new InstrumentAdvice<int> { HistogramBucketBoundaries = boundaries });

    private double Between(long start, long end) => _clock.GetElapsedTime(start, end).TotalSeconds;
}
