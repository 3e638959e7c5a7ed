namespace Llama.Trainer.Corpus;

/// <summary>Chooses the dictionary: the everyday words, then the most familiar others.</summary>
internal static class WordList
{
    private static readonly string[] Unwanted =
        ["sexual", "offensive", "slang", "disparag", "obscen", "vulgar", "taboo", "slur", "genital", "feces", "prostitut", "coit", "excre", "urin", "ethnic", "semen"];

    public static List<WordEntry> Choose(WordNet wordNet, int count)
    {
        var familiarity = new Familiarity(wordNet);
        IEnumerable<WordSense> ranked = wordNet.Senses.Values.OrderByDescending(familiarity.Of).ThenBy(senses => senses[0].Word, StringComparer.Ordinal)
            .Select(SenseChoice.MostFrequent);
        return EverydayWords.In(wordNet).Concat(ranked.Where(sense => sense.PartOfSpeech != 'r' && sense.Word.Length > 2))
            .DistinctBy(sense => sense.Word).Select(Entry).OfType<WordEntry>().Take(count)
            .OrderBy(entry => entry.Word, StringComparer.Ordinal).ToList();
    }

    public static void Save(string path, IEnumerable<WordEntry> entries) =>
        File.WriteAllLines(path, entries.Select(entry => $"{entry.Word}\t{entry.Gloss}"));

    public static List<WordEntry> Load(string path) =>
        File.ReadLines(path).Select(line => line.Split('\t')).Select(fields => new WordEntry(fields[0], fields[1])).ToList();

    private static WordEntry? Entry(WordSense sense) =>
        !Unwanted.Any(sense.Gloss.Contains) && Gloss.Shorten(sense.Gloss) is { } answer ? new WordEntry(sense.Word, answer) : null;
}
