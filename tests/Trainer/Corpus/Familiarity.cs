namespace Llama.Trainer.Corpus;

/// <summary>How well known a word is, judged by WordNet alone: tagged texts, use in other words' glosses, and collocations built on it.</summary>
internal sealed class Familiarity
{
    private readonly Dictionary<string, int> _inGlosses = [];
    private readonly Dictionary<string, int> _inCollocations = [];

    public Familiarity(WordNet wordNet)
    {
        foreach (string gloss in wordNet.Glosses) Count(_inGlosses, gloss.Split(Separators, StringSplitOptions.RemoveEmptyEntries));
        foreach (string collocation in wordNet.Collocations) Count(_inCollocations, collocation.Split('_'));
    }

    private static readonly char[] Separators = [' ', ';', ',', '"', '(', ')', '.', '`', '\'', '!', '?', ':', '-'];

    /// <summary>Higher is more familiar. The square roots keep one rich source from outweighing the other two.</summary>
    public double Of(List<WordSense> senses)
    {
        string word = senses[0].Word;
        return Math.Sqrt(senses.Sum(sense => sense.TagCount)) + Math.Sqrt(_inGlosses.GetValueOrDefault(word))
            + 0.5 * Math.Sqrt(_inCollocations.GetValueOrDefault(word));
    }

    private static void Count(Dictionary<string, int> counts, IEnumerable<string> words)
    {
        foreach (string word in words) counts[word] = counts.GetValueOrDefault(word) + 1;
    }
}
