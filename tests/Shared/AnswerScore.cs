namespace Llama.Tests.Shared;

/// <summary>How well a model knows some answers.</summary>
/// <param name="Count">Answers.</param>
/// <param name="ExactCount">Those that greedy decoding writes exactly, to the end.</param>
/// <param name="TokenCount">Tokens of all answers.</param>
/// <param name="LogLoss">Σ −ln p over them.</param>
public sealed record AnswerScore(int Count, int ExactCount, int TokenCount, double LogLoss)
{
    /// <summary>Share of exact answers.</summary>
    public double Accuracy => (double)ExactCount / Count;

    /// <summary>Of the answers' tokens, each after the right ones before it.</summary>
    public double Perplexity => Math.Exp(LogLoss / TokenCount);
}
