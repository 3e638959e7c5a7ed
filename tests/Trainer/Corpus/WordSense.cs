namespace Llama.Trainer.Corpus;

/// <summary>One sense of one single lower-case word: its part of speech, raw gloss and how often it was met in tagged texts (cntlist.rev).</summary>
internal sealed record WordSense(string Word, char PartOfSpeech, string LexicographerFile, string Gloss, int TagCount);
