using Llama.Trainer.Corpus;

namespace Llama.Trainer.Verbs;

/// <summary>WordNet to <c>words.tsv</c>.</summary>
internal static class CorpusVerb
{
    public static void Run(Options options)
    {
        Directory.CreateDirectory(options.Work);
        List<WordEntry> words = WordList.Choose(WordNet.Load(options.WordNetFolder), options.WordCount);
        WordList.Save(options.InWork("words.tsv"), words);
        Console.WriteLine($"{words.Count} words in {options.InWork("words.tsv")}, for instance {words[words.Count / 3].Word}: {words[words.Count / 3].Gloss}");
    }
}
