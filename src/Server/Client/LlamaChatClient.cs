using System.Runtime.CompilerServices;
using Llama.Server.Auth;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Parsing;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>
/// The engine as a chat client of this process: its requests wait in the same queue as those that come over HTTP, on a share of their own. A client that cancels, or leaves
/// the stream, frees what its answer held.
/// </summary>
internal sealed partial class LlamaChatClient(EngineHost host, ChatPlanner planner, ModelIdentity identity, TimeProvider clock, ILogger<LlamaChatClient> logger) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("llama", providerUri: null, identity.Name);

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        long start = clock.GetTimestamp();
        await using ChatRun run = await StartAsync(messages, options, start, cancellationToken);
        try
        {
            WholeAnswer? answer = await WholeAnswer.ReadAsync(run.Stream);
            run.ThrowUnlessEndedWell();
            return run.Response(answer!);
        }
        finally
        {
            Write(run, start);
        }
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(messages, options, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null : serviceType == typeof(ChatClientMetadata) ? _metadata : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Nothing: the engine is the application's.</summary>
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long start = clock.GetTimestamp();
        await using ChatRun run = await StartAsync(messages, options, start, cancellation);
        try
        {
            var calls = new List<ToolCallPiece>();
            while (await run.Stream.MoveNextAsync())
            {
                calls.AddRange(run.Stream.Calls);
                if (!run.Stream.Text.IsEmpty)
                    yield return run.Update(run.Stream.Text.ToString());
            }
            run.ThrowUnlessEndedWell();
            yield return run.LastUpdate(calls);
        }
        finally
        {
            Write(run, start);
        }
    }

    /// <summary>Starts the answer once the model is ready: a client starts together with the engine, and should not have to ask twice.</summary>
    private async Task<ChatRun> StartAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, long start, CancellationToken cancellation)
    {
        var request = new ChatCompletionRequest();
        ApiError? error = RequestBody.Read(RequestJson.Write(messages, options, identity.Name), ChatCompletionFields.Table, request);
        ChatPlan? plan = null;
        if (error is null)
        {
            await host.Settled.WaitAsync(cancellation);
            (plan, error) = await planner.PlanAsync(request, Caller.InProcess, cancellation);
        }
        if (plan is not null && ChatRun.TryStart(plan.Engine, plan.Answers, clock, out ChatRun? run, out error, cancellation))
            return run;
        Log.Refused(logger, clock.GetElapsedTime(start).TotalMilliseconds, error!.Status, error.Code);
        throw new LlamaException(error);
    }

    private void Write(ChatRun run, long start)
    {
        RequestSummary made = run.Summary;
        Log.Generated(
            logger, clock.GetElapsedTime(start).TotalMilliseconds, run.Id, made.Model, made.Usage.PromptTokens, made.Usage.PromptTokensDetails.CachedTokens,
            made.Usage.CompletionTokens, made.TimeToFirstToken?.TotalMilliseconds, made.Endings);
    }

    /// <summary>One line per request, as over HTTP: counts, never text.</summary>
    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Chat within the process in {Milliseconds:0.0} ms: {ResponseId} {Model}, tokens {Prompt} prompt ({Cached} cached) + {Completion} completion, "
            + "first after {First:0.0} ms, ended by {Endings}")]
        public static partial void Generated(
            ILogger logger, double milliseconds, string responseId, string model, int prompt, int cached, int completion, double? first, string endings);

        [LoggerMessage(LogLevel.Information, "Chat within the process refused in {Milliseconds:0.0} ms: {Status} {Code}")]
        public static partial void Refused(ILogger logger, double milliseconds, int status, string code);
    }
}
