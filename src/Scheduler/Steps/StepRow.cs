using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Steps;

/// <summary>One sequence's part of a step that was begun, as it was then.</summary>
/// <param name="Sequence">Whose.</param>
/// <param name="End">Tokens of it that are computed once the step is through.</param>
/// <param name="ForkCount">How many of <see cref="Step.Forks"/>, those that follow the earlier rows', draw from the prompt that it computes to the end.</param>
/// <param name="ScoreCount">Scores that were asked for of its prompt.</param>
/// <param name="IsSampled">Whether a token is drawn for it.</param>
/// <param name="EndsPrompt">Whether the last token of its prompt is computed.</param>
internal readonly record struct StepRow(Sequence Sequence, int End, int ForkCount, int ScoreCount, bool IsSampled, bool EndsPrompt);
