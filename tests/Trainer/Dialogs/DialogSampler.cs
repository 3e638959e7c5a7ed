using Llama.Trainer.Corpus;

namespace Llama.Trainer.Dialogs;

/// <summary>Draws the conversations the model practises: mostly known words, some follow-ups, unknown words and small talk.</summary>
internal sealed class DialogSampler(IReadOnlyList<WordEntry> words, StrangeWords strange, WordPractice practice, Random random)
{
    public Dialog Next()
    {
        int turnCount = random.NextDouble() switch { < 0.72 => 1, < 0.90 => 2, _ => 3 };
        List<Turn> turns = [First()];
        while (turns.Count < turnCount) turns.Add(Following(turns[^1]));
        string? system = random.NextDouble() < 0.08 ? Pick(Answers.SystemPrompts) : null;
        return new Dialog(turns, system);
    }

    private Turn First() => random.NextDouble() switch
    {
        < 0.73 => Known(Phrasings.Question),
        < 0.92 => Unknown(Phrasings.Question),
        < 0.95 => OutOfScope(),
        _ => SmallTalk(),
    };

    private Turn Following(Turn last) => random.NextDouble() switch
    {
        < 0.56 => Known(Phrasings.FollowUp),
        < 0.70 => Known(Phrasings.Question),
        < 0.84 => Unknown(Phrasings.FollowUp),
        < 0.87 => Unknown(Phrasings.Question),
        < 0.89 => OutOfScope(),
        < 0.95 => last with { Prompt = Pick(Answers.Repeat) },
        _ => SmallTalk(),
    };

    private Turn Known(Func<string, Random, string> phrase)
    {
        int index = practice.Draw(random);
        return new Turn(phrase(words[index].Word, random), words[index].Gloss, index);
    }

    private Turn Unknown(Func<string, Random, string> phrase) => new(phrase(strange.Next(random), random), Answers.Unknown);

    private Turn OutOfScope() => new(string.Format(Pick(Answers.OutOfScope), words[random.Next(words.Count)].Word), Answers.Unknown);

    private Turn SmallTalk()
    {
        (string answer, string[] prompts) = Answers.SmallTalk[random.Next(Answers.SmallTalk.Length)];
        return new Turn(Pick(prompts), answer);
    }

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];
}
