using Llama.Trainer.Corpus;
using Llama.Trainer.Dialogs;

namespace Llama.Trainer.Training;

/// <summary>The questions that accuracy is measured with.</summary>
/// <param name="words">The list.</param>
/// <param name="heldOut">Words of WordNet that were never trained on.</param>
/// <param name="heldOutInvented">Words of nobody's that were never trained on.</param>
internal sealed class Examination(IReadOnlyList<WordEntry> words, IReadOnlyList<string> heldOut, IReadOnlyList<string> heldOutInvented)
{
    private readonly Random _random = new(11);

    /// <summary>That of a finished model, from what lies in its folder.</summary>
    public static Examination OfModel(string folder)
    {
        string[] heldOut = File.ReadAllLines(Path.Combine(folder, "held-out.txt"));
        return new Examination(WordList.Load(Path.Combine(folder, "words.tsv")), heldOut[..StrangeWords.HeldOutCount], heldOut[StrangeWords.HeldOutCount..]);
    }

    public IEnumerable<ExaminationPart> Parts() =>
    [
        new("word of the list", [.. words.Select(entry => new Dialog([Known(entry, Phrasings.PlainQuestion)]))]),
        new("word of the list, any phrasing", [.. words.Select(entry => new Dialog([Known(entry, word => Phrasings.Question(word, _random))]))]),
        new("word of the list, as a follow-up", [.. words.Select((entry, i) => new Dialog([Before(i), Known(entry, Phrasings.PlainFollowUp)]))]),
        new("held-out word", [.. heldOut.Select(word => new Dialog([Unknown(word, Phrasings.PlainQuestion)]))]),
        new("held-out word, as a follow-up", [.. heldOut.Select((word, i) => new Dialog([Before(i), Unknown(word, Phrasings.PlainFollowUp)]))]),
        new("invented word", [.. heldOutInvented.Select(word => new Dialog([Unknown(word, Phrasings.PlainQuestion)]))]),
    ];

    private static Turn Known(WordEntry entry, Func<string, string> phrase) => new(phrase(entry.Word), entry.Gloss);

    private static Turn Unknown(string word, Func<string, string> phrase) => new(phrase(word), Answers.Unknown);

    // A question about a word far from the i-th in the alphabet.
    private Turn Before(int i) => Known(words[(i * 31 + words.Count / 2) % words.Count], Phrasings.PlainQuestion);
}
