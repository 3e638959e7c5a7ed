namespace Llama.Trainer.Corpus;

/// <summary>Which of a word's senses its gloss is taken from.</summary>
internal static class SenseChoice
{
    /// <summary>The first sense of the part of speech met most often; a noun unless it is clearly the rarer use.</summary>
    public static WordSense MostFrequent(List<WordSense> senses)
    {
        var counts = senses.GroupBy(sense => sense.PartOfSpeech).ToDictionary(group => group.Key, group => group.Sum(sense => sense.TagCount));
        char best = counts.MaxBy(pair => pair.Value).Key;
        char part = counts.TryGetValue('n', out int nouns) && 3 * nouns >= counts[best] ? 'n' : best;
        return senses.First(sense => sense.PartOfSpeech == part);
    }
}
