using System.Diagnostics;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Generating;

namespace Llama.Server.Telemetry;

/// <summary>
/// The span of a request that has the model work, by OpenTelemetry's conventions for GenAI (semantic-conventions, gen-ai-spans), below the one of its HTTP request and so of the caller's
/// <c>traceparent</c>. Its children <c>queue</c>, <c>prefill</c> and <c>decode</c> say where the time went. Costs nothing while nobody listens.
/// </summary>
internal static class ModelCallSpan
{
    /// <summary>What to listen to.</summary>
    public const string SourceName = "Llama.Server";

    /// <summary><c>gen_ai.provider.name</c>.</summary>
    public const string Provider = "llama";

    private static readonly ActivitySource Source = new(SourceName);

    public static Activity? Start(ModelCall call) => Source.StartActivity(call.Operation, ActivityKind.Internal);

    /// <summary>Says all that is known at the end.</summary>
    public static void Write(Activity span, ModelCall call, HttpContext context, TimeProvider clock)
    {
        span.DisplayName = call.RequestModel is { } model ? $"{call.Operation} {model}" : call.Operation;
        span.SetTag("gen_ai.operation.name", call.Operation).SetTag("gen_ai.provider.name", Provider);
        span.SetTag("gen_ai.request.model", call.RequestModel).SetTag("gen_ai.response.model", call.ResponseModel);
        span.SetTag("server.address", context.Request.Host.Host).SetTag("server.port", context.Request.Host.Port);
        span.SetTag("enduser.id", Caller.Of(context)?.Key?.Name).SetTag("llama.request_id", context.TraceIdentifier);
        if (call.Parameters is { } parameters)
            WriteRequest(span, parameters);
        if (call.ResponseModel is not null && call.ErrorType is null)
            span.SetTag("gen_ai.usage.input_tokens", call.InputTokens);
        if (call.Answers is { } answers)
            WriteAnswers(span, answers, call.ResponseId, clock);
        if (call.ErrorType is { } error)
            span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error, error);
    }

    /// <summary>A tag without a value is left out.</summary>
    private static void WriteRequest(Activity span, GenerationParameters asked)
    {
        span.SetTag("gen_ai.request.max_tokens", asked.MaxTokens);
        span.SetTag("gen_ai.request.temperature", asked.Sampling.Temperature);
        span.SetTag("gen_ai.request.top_p", asked.Sampling.TopP);
        span.SetTag("gen_ai.request.top_k", asked.Sampling.TopK);
        span.SetTag("gen_ai.request.presence_penalty", asked.Sampling.PresencePenalty == 0 ? null : asked.Sampling.PresencePenalty);
        span.SetTag("gen_ai.request.frequency_penalty", asked.Sampling.FrequencyPenalty == 0 ? null : asked.Sampling.FrequencyPenalty);
        span.SetTag("gen_ai.request.seed", asked.Sampling.Seed);
        span.SetTag("gen_ai.request.choice.count", asked.N == 1 ? null : asked.N);
        span.SetTag("gen_ai.request.stream", asked.Stream);
    }

    private static void WriteAnswers(Activity span, Answers answers, string? id, TimeProvider clock)
    {
        Usage usage = answers.Usage;
        span.SetTag("gen_ai.response.id", id);
        span.SetTag("gen_ai.usage.input_tokens", usage.PromptTokens);
        span.SetTag("gen_ai.usage.output_tokens", usage.CompletionTokens);
        span.SetTag("gen_ai.usage.cache_read.input_tokens", usage.PromptTokensDetails.CachedTokens);
        span.SetTag("gen_ai.response.finish_reasons", answers.Streams.Select(stream => stream.Ending().Spelled()).ToArray());
        if (answers.Streams.Min(stream => stream.TimeToFirstToken) is { } first)
            span.SetTag("gen_ai.response.time_to_first_chunk", first.TotalSeconds);
        WriteStages(span, [.. answers.Streams.Select(stream => stream.Milestones).OfType<Milestones>()], clock);
    }

    /// <summary>Of several answers: until the first was let in, until the first token of any, until the last token of all.</summary>
    private static void WriteStages(Activity span, Milestones[] made, TimeProvider clock)
    {
        if (made.Length == 0)
            return;
        long submitted = made.Min(one => one.Submitted), admitted = made.Min(one => one.Admitted!.Value), first = made.Min(one => one.FirstToken!.Value), last = made.Max(one => one.LastToken!.Value);
        WriteStage(span, "queue", submitted, admitted, clock);
        WriteStage(span, "prefill", admitted, first, clock);
        WriteStage(span, "decode", first, last, clock);
    }

    /// <summary>A child between two timestamps of the past.</summary>
    private static void WriteStage(Activity span, string name, long start, long end, TimeProvider clock)
    {
        DateTimeOffset now = clock.GetUtcNow();
        long timestamp = clock.GetTimestamp();
        using Activity? stage = Source.StartActivity(name, ActivityKind.Internal, span.Context, startTime: now - clock.GetElapsedTime(start, timestamp));
        stage?.SetEndTime((now - clock.GetElapsedTime(end, timestamp)).UtcDateTime);
    }
}
