using Llama.Trainer.Corpus;
using Llama.Trainer.Tokens;

namespace Llama.Trainer.Verbs;

/// <summary><c>words.tsv</c> to <c>tokenizer.model</c>.</summary>
internal static class TokenizerVerb
{
    public static void Run(Options options)
    {
        List<WordEntry> words = WordList.Load(options.InWork("words.tsv"));
        TokenizerTraining.Run(options.Work, words, WordNet.Load(options.WordNetFolder));
        Tokenizer tokenizer = new(options.InWork("tokenizer.model"));
        Console.WriteLine($"{options.InWork("tokenizer.model")}: {words.Average(entry => tokenizer.Encode(entry.Word).Count):F2} tokens a word, "
            + $"{words.Average(entry => tokenizer.Encode(entry.Gloss).Count):F1} a gloss");
    }
}
