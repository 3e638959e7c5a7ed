using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Generating;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Chat;

/// <summary>From a chat request to what the engine is to do; the same for whoever asks, over HTTP or within the process.</summary>
internal sealed class ChatPlanner(EngineHost host, RequestMapper mapper)
{
    public async ValueTask<(ChatPlan? Plan, ApiError? Error)> PlanAsync(ChatCompletionRequest request, Caller? caller, CancellationToken cancellation)
    {
        ApiError? error = request.Settle();
        if (error is not null
            || !host.TryGet(caller, request.Model, request.Priority, out Engine? engine, out Checkpoint? checkpoint, out error)
            || !ChatPrompt.TryRender(request, checkpoint, out Prompt? prompt, out error))
            return (null, error);
        (GenerationPlan? answers, error) = await mapper.MapAsync(request, [prompt], checkpoint, cancellation);
        return (answers is null ? null : new ChatPlan(engine, answers), error);
    }
}

/// <summary>A chat request ready to start.</summary>
/// <param name="Engine">Where it will run.</param>
/// <param name="Answers">What is to be generated.</param>
internal sealed record ChatPlan(Engine Engine, GenerationPlan Answers);
