using System.Text.RegularExpressions;

namespace Llama.Trainer.Corpus;

/// <summary>Cuts a WordNet gloss down to an answer: no examples, no remarks in brackets, whole clauses, short.</summary>
internal static partial class Gloss
{
    private const int ShortClause = 32;
    private const int MaxLength = 92;

    /// <summary>The answer, or null when the gloss has no clause short enough.</summary>
    public static string? Shorten(string gloss)
    {
        string definition = Examples().Replace(gloss, "");
        definition = Spaces().Replace(Remarks().Replace(definition, " "), " ");
        string[] clauses = definition.Split([';', ':'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (clauses.Length == 0) return null;
        string answer = clauses[0];
        if (answer.Length > MaxLength) answer = CutAtComma(answer);
        foreach (string clause in clauses.Skip(1))
        {
            if (answer.Length >= ShortClause || answer.Length + clause.Length + 2 > MaxLength) break;
            answer += "; " + clause;
        }
        return answer.Length is > 3 and <= MaxLength && answer.All(c => c is >= ' ' and <= '~') ? answer : null;
    }

    private static string CutAtComma(string clause)
    {
        int comma = clause.LastIndexOf(',', MaxLength);
        return comma > 30 ? clause[..comma] : clause;
    }

    [GeneratedRegex("\"[^\"]*\"?")]
    private static partial Regex Examples();

    [GeneratedRegex(@"\s*\([^)]*\)\s*")]
    private static partial Regex Remarks();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
