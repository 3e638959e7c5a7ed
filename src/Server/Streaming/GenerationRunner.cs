using Llama.Scheduling;
using Llama.Server.Admin;
using Llama.Server.Auth;
using Llama.Server.Generating;
using Llama.Server.Limits;
using Llama.Server.Telemetry;
using Llama.Server.Web.Errors;

namespace Llama.Server.Streaming;

/// <summary>From a plan to the last byte of its answer, within the caller's limits; the same for every route that generates.</summary>
internal sealed class GenerationRunner(AnswerWriter writer, RequestLimits limits, KeyMetrics metrics, LiveRequests live, TimeProvider clock)
{
    /// <summary>Starts the plan and sends its answers; returns what is wrong when it could not be started, and else nothing that is left to answer.</summary>
    public async Task<IResult> RunAsync(HttpContext context, Engine engine, GenerationPlan plan, GenerationParameters request, Func<Answers, AnswerFormat> format)
    {
        Caller? caller = Caller.Of(context);
        context.Features.Get<ModelCall>()?.Read(request, plan.Checkpoint.Name);
        plan = plan.For(caller, RequestOrigin.Of(context));
        (Admission? admission, ApiError? error) = await limits.EnterAsync(context, plan.PromptTokenCount, LimitedOutput.Of(plan, isBounded: request.MaxTokens is not null));
        if (admission is null)
            return error!;
        using Admission entered = admission;
        if (!Answers.TryStart(engine, plan, clock, goInChain: true, out Answers? answers, out error))
            return error;
        try
        {
            await SendAsync(context, answers, request.Stream, format);
        }
        finally
        {
            Account(admission, caller, answers.Usage);
            await Task.Yield(); // what follows is the application's middleware, which may block: others of the chain must not wait for it
        }
        return Results.Empty;
    }

    private async Task SendAsync(HttpContext context, Answers answers, bool stream, Func<Answers, AnswerFormat> format)
    {
        await using Answers left = answers; // disposing it aborts what has not ended
        using LiveRequest shown = live.Show(context, answers.Checkpoint.Name, () => answers.Progress, answers.AbortByOperator);
        AnswerFormat wording = format(answers);
        context.Features.Get<ModelCall>()?.Began(answers, wording.Id);
        if (stream)
            await writer.WriteStreamAsync(context, answers, wording);
        else
            await AnswerWriter.WriteWholeAsync(context, answers, wording);
        context.Features.Set(RequestSummary.Of(answers));
    }

    private void Account(Admission admission, Caller? caller, Usage usage)
    {
        admission.Use(usage.TotalTokens);
        metrics.Served(caller?.Key?.Name, usage.PromptTokens, usage.CompletionTokens);
    }
}
