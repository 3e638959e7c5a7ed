using System.Diagnostics;
using System.Diagnostics.Metrics;
using Llama.Server.Generating;

namespace Llama.Server.Telemetry;

/// <summary>
/// Requests under the names, attributes and buckets of OpenTelemetry's conventions for GenAI servers (semantic-conventions, gen-ai-metrics). Recorded once for each request, when it is over.
/// </summary>
internal sealed class ModelCallMetrics
{
    public const string MeterName = "Llama.Serving";

    private static readonly double[] RequestSeconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly double[] FirstTokenSeconds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] TokenSeconds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

    private readonly TimeProvider _clock;
    private readonly Histogram<double> _duration, _timeToFirstToken, _timePerOutputToken;

    public ModelCallMetrics(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        Meter meter = meters.Create(MeterName);
        _duration = Seconds(meter, "gen_ai.server.request.duration", "From a request's arrival to the end of its answer, by operation and error.", RequestSeconds);
        _timeToFirstToken = Seconds(meter, "gen_ai.server.time_to_first_token", "From a request's start to its first token, of answers that ended well.", FirstTokenSeconds);
        _timePerOutputToken = Seconds(meter, "gen_ai.server.time_per_output_token", "Time per token after the first, of answers that ended well.", TokenSeconds);
    }

    /// <summary>A request is over.</summary>
    public void Ended(ModelCall call, TimeSpan duration)
    {
        TagList tags = TagsOf(call);
        _duration.Record(duration.TotalSeconds, tags);
        if (call.ErrorType is not null || call.Answers is not { } answers)
            return;
        if (answers.Streams.Min(stream => stream.TimeToFirstToken) is { } first)
            _timeToFirstToken.Record(first.TotalSeconds, tags);
        foreach (TextStream stream in answers.Streams)
        {
            if (stream.TokenCount > 1 && stream.Milestones is { FirstToken: { } firstToken, LastToken: { } lastToken })
                _timePerOutputToken.Record(_clock.GetElapsedTime(firstToken, lastToken).TotalSeconds / (stream.TokenCount - 1), tags);
        }
    }

    private static TagList TagsOf(ModelCall call)
    {
        var tags = new TagList { { "gen_ai.operation.name", call.Operation }, { "gen_ai.provider.name", ModelCallSpan.Provider } };
        if (call.RequestModel is { } asked)
            tags.Add("gen_ai.request.model", asked);
        if (call.ResponseModel is { } served)
            tags.Add("gen_ai.response.model", served);
        if (call.ErrorType is { } error)
            tags.Add("error.type", error);
        return tags;
    }

    private static Histogram<double> Seconds(Meter meter, string name, string description, double[] boundaries) =>
        meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
