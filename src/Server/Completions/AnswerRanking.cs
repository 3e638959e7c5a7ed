using Llama.Server.Generating;

namespace Llama.Server.Completions;

/// <summary>Chooses among the answers to each prompt.</summary>
internal static class AnswerRanking
{
    /// <summary>Numbers of the best answers, best first and each prompt's together, by OpenAI's measure: the highest log-probability per token.</summary>
    /// <param name="answers">All answers; those to one prompt stand together.</param>
    /// <param name="perPrompt">How many there are to each prompt.</param>
    /// <param name="count">How many of those to choose.</param>
    public static IEnumerable<int> Best(IReadOnlyList<WholeAnswer> answers, int perPrompt, int count) => Enumerable
        .Range(0, answers.Count)
        .Chunk(perPrompt)
        .SelectMany(siblings => siblings.OrderByDescending(choice => MeanLogprob(answers[choice])).Take(count));

    private static double MeanLogprob(WholeAnswer answer) => answer.Tokens.Select(token => (double)token.Token.Logprob).DefaultIfEmpty().Average();
}
