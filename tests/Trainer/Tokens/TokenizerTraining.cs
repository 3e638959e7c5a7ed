using System.Diagnostics;
using Llama.Trainer.Corpus;
using Llama.Trainer.Dialogs;

namespace Llama.Trainer.Tokens;

/// <summary>Trains the SentencePiece model with <c>spm_train</c> on a text of the corpus' words, glosses and questions.</summary>
internal static class TokenizerTraining
{
    private const int VocabSize = 8192;
    // Dictionary words are repeated so that BPE spends its merges on them; other glosses stand in for the prose a user may type.
    private const int WordRepeats = 30, GlossRepeats = 3, ProseLines = 6_000;

    // As Llama 2's tokenizer: identity normalisation, single digits, a dummy space, bytes for what has no piece.
    private static readonly string[] Settings =
    [
        $"--vocab_size={VocabSize}", "--model_type=bpe", "--byte_fallback=true", "--split_digits=true", "--normalization_rule_name=identity",
        "--add_dummy_prefix=true", "--remove_extra_whitespaces=false", "--allow_whitespace_only_pieces=true", "--character_coverage=0.99995",
        "--unk_id=0", "--bos_id=1", "--eos_id=2", "--pad_id=-1", "--num_threads=1", "--minloglevel=1",
    ];

    /// <summary>Writes <c>tokenizer.model</c> into the folder.</summary>
    public static void Run(string folder, IReadOnlyList<WordEntry> words, WordNet wordNet)
    {
        File.WriteAllLines(Path.Combine(folder, "tokenizer.txt"), Lines(words, wordNet));
        // Run inside the folder: SentencePiece writes the paths it was given into the model.
        ProcessStartInfo command = new("spm_train", ["--input=tokenizer.txt", "--model_prefix=tokenizer", .. Settings]) { WorkingDirectory = folder };
        using Process training = Process.Start(command)!;
        training.WaitForExit();
        if (training.ExitCode != 0) throw new InvalidOperationException($"spm_train ended with exit status {training.ExitCode}.");
    }

    private static IEnumerable<string> Lines(IReadOnlyList<WordEntry> words, WordNet wordNet)
    {
        Random random = new(1);
        foreach (WordEntry entry in words)
        {
            for (int i = 0; i < WordRepeats; i++) yield return entry.Word;
            for (int i = 0; i < GlossRepeats; i++) yield return entry.Gloss;
            yield return $"[INST] <<SYS>> You are a helpful assistant. <</SYS>> {Phrasings.Question(entry.Word, random)} [/INST] {entry.Gloss}";
            yield return $"[INST] {Phrasings.FollowUp(entry.Word, random)} [/INST] {Answers.Unknown}";
        }
        foreach (string gloss in random.GetItems(wordNet.Glosses.ToArray(), ProseLines)) yield return gloss;
    }
}
