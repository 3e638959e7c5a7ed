using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Embeddings;
using Llama.Server.Hosting;
using Llama.Server.Parsing;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Llama.Server.Client;

/// <summary>The engine as an embedding generator of this process: the vectors of <c>/v1/embeddings</c>, in the same queue.</summary>
internal sealed partial class LlamaEmbeddingGenerator(
    EngineHost host, ModelIdentity identity, IOptions<SchedulerSettings> scheduler, TimeProvider clock, ILogger<LlamaEmbeddingGenerator> logger)
    : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("llama", providerUri: null, identity.Name);

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        long start = clock.GetTimestamp();
        string[] texts = [.. values];
        JsonElement body = Write(texts, options);
        if (texts.Length == 0)
            return [];
        var request = new EmbeddingRequest();
        ApiError? error = RequestBody.Read(body, EmbeddingFields.Table, request);
        if (error is null)
            await host.Settled.WaitAsync(cancellationToken);
        if (error is null
            && host.TryGet(Caller.InProcess, request.Model, request.Priority, out Engine? engine, out Checkpoint? checkpoint, out error)
            && EmbeddingInputs.TryEncode(request, checkpoint, Caller.InProcess, RequestOrigin.InProcess, out EmbeddingInput[]? inputs, out error))
        {
            await using var run = new EmbeddingRun(engine, scheduler.Value.MaxSequences);
            error = await run.RunAsync(inputs, cancellationToken);
            if (error is null)
            {
                int tokenCount = inputs.TokenCount();
                Log.Embedded(logger, clock.GetElapsedTime(start).TotalMilliseconds, checkpoint.Name, inputs.Length, tokenCount);
                return Result(run, tokenCount, checkpoint.Name);
            }
        }
        Log.Refused(logger, clock.GetElapsedTime(start).TotalMilliseconds, error.Status, error.Code);
        throw new LlamaException(error);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Nothing: the engine is the application's.</summary>
    public void Dispose()
    {
    }

    private JsonElement Write(string[] texts, EmbeddingGenerationOptions? options)
    {
        if (options?.RawRepresentationFactory is not null)
            throw new NotSupportedException("EmbeddingGenerationOptions.RawRepresentationFactory is not supported. Give further request fields as AdditionalProperties, by their HTTP names.");
        var body = new JsonObject
        {
            ["model"] = options?.ModelId ?? identity.Name,
            ["input"] = RequestJson.ToNode(texts),
            ["dimensions"] = options?.Dimensions,
        };
        foreach ((string name, object? value) in options?.AdditionalProperties ?? [])
            RequestJson.Add(body, name, value);
        return RequestJson.ToElement(body);
    }

    private GeneratedEmbeddings<Embedding<float>> Result(EmbeddingRun run, int tokenCount, string model)
    {
        DateTimeOffset now = clock.GetUtcNow();
        return new(run.Vectors.Select(vector => new Embedding<float>(vector) { ModelId = model, CreatedAt = now }))
        {
            Usage = new UsageDetails { InputTokenCount = tokenCount, TotalTokenCount = tokenCount },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Embeddings within the process in {Milliseconds:0.0} ms: {Model}, {Inputs} inputs of {Tokens} tokens")]
        public static partial void Embedded(ILogger logger, double milliseconds, string model, int inputs, int tokens);

        [LoggerMessage(LogLevel.Information, "Embeddings within the process refused in {Milliseconds:0.0} ms: {Status} {Code}")]
        public static partial void Refused(ILogger logger, double milliseconds, int status, string code);
    }
}
