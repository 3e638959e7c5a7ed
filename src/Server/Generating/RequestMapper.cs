using System.Security.Cryptography;
using System.Text;
using Llama.Model.Sampling;
using Llama.Scheduling;
using Llama.Server.Configuration;
using Llama.Server.Guidance;
using Llama.Server.Hosting;
using Llama.Server.Tools;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Options;

namespace Llama.Server.Generating;

/// <summary>From what a request asks for to what the engine is to do: defaults filled in, and what needs the model or the settings checked.</summary>
internal sealed class RequestMapper(IOptions<ServerSettings> settings, IOptions<SchedulerSettings> scheduler, GuideFactory guides, Random random)
{
    /// <summary>Plans <see cref="GenerationParameters.AnswersPerPrompt"/> answers to each prompt.</summary>
    public async ValueTask<(GenerationPlan? Plan, ApiError? Error)> MapAsync(
        GenerationParameters parameters, IReadOnlyList<Prompt> prompts, Checkpoint checkpoint, CancellationToken cancellation)
    {
        StartGuide? guide = null;
        ApiError? error = RequestChecks.Combinations(parameters) ?? CheckCount(parameters, prompts.Count) ?? RequestChecks.Tokens(parameters, checkpoint);
        if (error is null)
            (guide, error) = await guides.CreateAsync(parameters, checkpoint, cancellation);
        if (error is not null)
            return (null, error);
        var choices = new List<ChoicePlan>(prompts.Count * parameters.AnswersPerPrompt);
        SamplingParams sampling = Sampling(parameters, checkpoint) with { Seed = (ulong)(parameters.Sampling.Seed ?? random.NextInt64()) };
        foreach (Prompt prompt in prompts)
            error ??= AddAnswers(choices, parameters, prompt, checkpoint, guide, sampling);
        return error is null ? (new GenerationPlan(checkpoint, choices, prompts), null) : (null, error);
    }

    private ApiError? CheckCount(GenerationParameters parameters, int promptCount)
    {
        long asked = (long)promptCount * parameters.AnswersPerPrompt;
        // All answers to a prompt enter the queue together: one that is shorter could never take them.
        (int most, string setting) = settings.Value.MaxChoices <= scheduler.Value.MaxQueueLength
            ? (settings.Value.MaxChoices, "Server:MaxChoices")
            : (scheduler.Value.MaxQueueLength, "Scheduler:MaxQueueLength");
        if (asked <= Math.Max(1, most))
            return null;
        string param = promptCount > most ? "prompt" : parameters.AnswersPerPrompt > parameters.N ? "best_of" : "n";
        return ApiError.InvalidValue(
            param,
            $"{promptCount} prompt(s) with {parameters.AnswersPerPrompt} answers each ask for {asked} answers; this server gives at most {most} ({setting}).");
    }

    private ApiError? AddAnswers(List<ChoicePlan> choices, GenerationParameters parameters, Prompt prompt, Checkpoint checkpoint, StartGuide? guide, SamplingParams sampling)
    {
        if (prompt.Tokens.Length == 0)
            return ApiError.InvalidValue(prompt.Param, $"Invalid value for '{prompt.Param}': the prompt has no tokens.");
        if (TokenIds.Check(prompt, checkpoint) is { } outside)
            return outside;
        int limit = checkpoint.ContextLength, room = limit - prompt.Tokens.Length;
        int maxTokens = parameters.MaxTokens ?? Math.Min(room, settings.Value.DefaultMaxTokens ?? parameters.DefaultMaxTokens ?? room);
        if (maxTokens > room || (room < 1 && parameters.MaxTokens != 0))
            return ApiError.ContextLength(prompt.Param, prompt.Tokens.Length, parameters.MaxTokens, limit);
        if (parameters.Stopping.MinTokens > maxTokens)
            return ApiError.InvalidValue("min_tokens", $"'min_tokens' is {parameters.Stopping.MinTokens}, more than the {maxTokens} tokens that the answer may have.");
        TextRules text = Text(parameters, prompt, checkpoint);
        GenerationRequest request = Request(parameters, prompt, maxTokens, sampling);
        for (int i = 0; i < parameters.AnswersPerPrompt; i++)
            choices.Add(new ChoicePlan(request with { Sampling = sampling with { Seed = Mix(sampling.Seed, i) }, Guide = guide?.Invoke(!prompt.ContinuesText) }, text));
        return null;
    }

    /// <summary>Made once for all answers, which share what is long in it.</summary>
    private static SamplingParams Sampling(GenerationParameters parameters, Checkpoint checkpoint) => parameters.Sampling.Over(checkpoint.Defaults) with
    {
        StopTokenIds = parameters.Stopping.TokenIdsWith(checkpoint.Defaults),
        MinTokens = parameters.Stopping.MinTokens,
        TopLogprobs = parameters.Logprobs,
    };

    private static GenerationRequest Request(GenerationParameters parameters, Prompt prompt, int maxTokens, SamplingParams sampling) => new()
    {
        PromptTokenIds = prompt.Tokens,
        MaxTokens = maxTokens,
        Sampling = sampling,
        PromptLogprobs = parameters.PromptScores,
        Priority = parameters.Priority ?? 0,
        Timeout = parameters.Timeout,
        CacheSalt = parameters.CacheSalt is { } salt ? BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(salt))) : 0,
    };

    private TextRules Text(GenerationParameters parameters, Prompt prompt, Checkpoint checkpoint)
    {
        var text = new TextRules
        {
            Stop = parameters.Stopping.Texts,
            IncludeStop = parameters.Stopping.IsShown,
            MinTokens = parameters.Stopping.MinTokens,
            SkipSpecialTokens = parameters.SkipSpecialTokens,
            AtSequenceStart = !prompt.ContinuesText,
            KeepTokens = parameters.Logprobs is not null || parameters.ReturnTokenIds,
            KeepWritten = settings.Value.RecordText != "none",
        };
        return parameters.Tools is { Mode: not ToolMode.None } tools ? text.ReadingCalls(tools, checkpoint) : text;
    }

    /// <summary>The first answer has the caller's own seed, so that n = 1 and the first of n agree; the others are splitmix64 of seed and index.</summary>
    private static ulong Mix(ulong seed, int index)
    {
        if (index == 0)
            return seed;
        ulong z = seed + (ulong)index * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
