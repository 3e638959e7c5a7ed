using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Errors;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Telemetry;

namespace Llama.Server.Streaming;

/// <summary>From a plan to the last byte of its answer; the same for every route that generates.</summary>
internal sealed class GenerationRunner(AnswerWriter writer, TimeProvider clock)
{
    /// <summary>Starts the plan and sends its answers; returns what is wrong when it could not be started.</summary>
    public async Task<ApiError?> RunAsync(
        HttpContext context, Engine engine, Checkpoint checkpoint, GenerationPlan plan, GenerationParameters request, Func<Answers, AnswerFormat> format)
    {
        plan = plan.For(context.Features.Get<Caller>(), RequestOrigin.Of(context));
        if (!Answers.TryStart(engine, checkpoint, plan, clock, out Answers? answers, out ApiError? error))
            return error;
        try
        {
            await using (answers)
                await SendAsync(context, answers, request.Stream, format(answers));
        }
        finally
        {
            await Task.Yield(); // what follows is the application's middleware, which may block: others of the chain must not wait for it
        }
        return null;
    }

    private async Task SendAsync(HttpContext context, Answers answers, bool stream, AnswerFormat format)
    {
        answers.GoOnInChain();
        if (stream)
            await writer.WriteStreamAsync(context, answers, format);
        else
            await AnswerWriter.WriteWholeAsync(context, answers, format);
        context.Features.Set(RequestSummary.Of(answers));
    }
}
