using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Hosting;
using Llama.Server.Telemetry;

namespace Llama.Server.Generating;

/// <summary>One answer to be made.</summary>
/// <param name="Request">Its tokens and limits, for the engine.</param>
/// <param name="Text">How its tokens become text.</param>
internal sealed record ChoicePlan(GenerationRequest Request, TextRules Text);

/// <summary>All answers to one request, in order of their <c>index</c>.</summary>
/// <param name="Checkpoint">The model that gives them.</param>
/// <param name="Choices">The answers.</param>
/// <param name="Prompts">What they answer; each prompt's answers stand together.</param>
internal sealed record GenerationPlan(Checkpoint Checkpoint, IReadOnlyList<ChoicePlan> Choices, IReadOnlyList<Prompt> Prompts)
{
    /// <summary>The same plan on one caller's share of the engine.</summary>
    /// <param name="caller">Whose; null without keys.</param>
    /// <param name="origin">What those who watch the engine see of it.</param>
    public GenerationPlan For(Caller? caller, RequestOrigin origin) => this with
    {
        Choices = [.. Choices.Select(choice => choice with { Request = (caller?.Share(choice.Request) ?? choice.Request) with { Origin = origin } })],
    };

    /// <summary>Tokens of all prompts. One with several answers counts once.</summary>
    public int PromptTokenCount => Prompts.Sum(prompt => prompt.Tokens.Length);

    public int AnswersPerPrompt => Choices.Count / Prompts.Count;

    /// <summary>The prompt that a choice answers.</summary>
    public Prompt PromptOf(int choice) => Prompts[choice / AnswersPerPrompt];
}
