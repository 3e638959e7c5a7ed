using System.Diagnostics.CodeAnalysis;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Generating;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>One answer being made for a caller in this process. Disposing it, or cancelling, aborts what has not ended.</summary>
internal sealed class ChatRun : IAsyncDisposable
{
    private readonly Answers _answers;
    private readonly AnswerHead _head;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _leaving;

    private ChatRun(Answers answers, AnswerHead head, CancellationToken cancellation)
    {
        (_answers, _head, _cancellation) = (answers, head, cancellation);
        _leaving = cancellation.UnsafeRegister(static answers => ((Answers)answers!).Abort(), answers);
    }

    public string Id => _head.Id;

    public TextStream Stream => _answers.Streams[0];

    public RequestSummary Summary => RequestSummary.Of(_answers);

    public static bool TryStart(
        Engine engine, GenerationPlan plan, TimeProvider clock, [NotNullWhen(true)] out ChatRun? run, [NotNullWhen(false)] out ApiError? error, CancellationToken cancellation)
    {
        run = Answers.TryStart(engine, plan.For(Caller.InProcess, RequestOrigin.InProcess), clock, goInChain: false, out Answers? answers, out error)
            ? new ChatRun(answers, AnswerHead.New("chatcmpl", clock, plan.Checkpoint), cancellation)
            : null;
        return run is not null;
    }

    /// <exception cref="OperationCanceledException">The caller cancelled before the answer had ended.</exception>
    /// <exception cref="LlamaException">The answer ended badly.</exception>
    public void ThrowUnlessEndedWell()
    {
        if (Stream.IsAbandoned())
            _cancellation.ThrowIfCancellationRequested();
        if (_answers.Failure is { } failure)
            throw new LlamaException(failure);
    }

    public ChatResponse Response(WholeAnswer answer) => new(new ChatMessage(ChatRole.Assistant, Contents(answer)) { MessageId = _head.Id, CreatedAt = CreatedAt })
    {
        ResponseId = _head.Id,
        ModelId = _head.Model,
        CreatedAt = CreatedAt,
        FinishReason = new ChatFinishReason(answer.Ending.Spelled()),
        Usage = Usage,
    };

    public ChatResponseUpdate Update(string text) => Update([new TextContent(text)]);

    /// <summary>The last update: the tools called, why the answer ended, and the token counts.</summary>
    public ChatResponseUpdate LastUpdate(List<ToolCallPiece> calls)
    {
        ChatResponseUpdate update = Update([.. ToolCall.Join(calls).Select(Content), new UsageContent(Usage)]);
        update.FinishReason = new ChatFinishReason(Stream.Ending().Spelled());
        return update;
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.DisposeAsync();
        await _answers.DisposeAsync();
    }

    private DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeSeconds(_head.Created);

    private UsageDetails Usage => new()
    {
        InputTokenCount = _answers.Usage.PromptTokens,
        CachedInputTokenCount = _answers.Usage.PromptTokensDetails.CachedTokens,
        OutputTokenCount = _answers.Usage.CompletionTokens,
        TotalTokenCount = _answers.Usage.TotalTokens,
    };

    private ChatResponseUpdate Update(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = _head.Id,
        MessageId = _head.Id,
        ModelId = _head.Model,
        CreatedAt = CreatedAt,
    };

    private static List<AIContent> Contents(WholeAnswer answer) =>
        answer.Text.Length > 0 || answer.Calls.Count == 0 ? [new TextContent(answer.Text), .. answer.Calls.Select(Content)] : [.. answer.Calls.Select(Content)];

    private static AIContent Content(ToolCall call) => FunctionCallContent.CreateFromParsedArguments(call.Arguments, call.Id, call.Name, Arguments.Parse);
}
