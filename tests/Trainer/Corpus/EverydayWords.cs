namespace Llama.Trainer.Corpus;

/// <summary>The hand-made list of words a visitor tries first (everyday.txt), each with the senses that are meant.</summary>
internal static class EverydayWords
{
    /// <summary>Best sense of each everyday word that WordNet knows, in the order of the list.</summary>
    public static IEnumerable<WordSense> In(WordNet wordNet)
    {
        string[] files = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Corpus", "everyday.txt")))
        {
            if (line.StartsWith('#')) continue;
            if (line.StartsWith('[')) files = line[1..line.IndexOf(']')].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            else foreach (WordSense sense in Meant(wordNet, line.Split(' '), files)) yield return sense;
        }
    }

    private static IEnumerable<WordSense> Meant(WordNet wordNet, string[] words, string[] files) =>
        words.Where(wordNet.Senses.ContainsKey).Select(word => Meant(wordNet.Senses[word], files));

    private static WordSense Meant(List<WordSense> senses, string[] files)
    {
        if (files is ["any"]) return SenseChoice.MostFrequent(senses);
        return files.SelectMany(file => senses.Where(sense => sense.PartOfSpeech == 'n' && sense.LexicographerFile == file)).FirstOrDefault()
            ?? senses[0];
    }
}
