namespace Llama.Trainer.Corpus;

/// <summary>One line of <c>words.tsv</c>: a word of the dictionary and the answer it is to be given.</summary>
internal sealed record WordEntry(string Word, string Gloss);
