using Llama.Trainer.Corpus;
using Llama.Trainer.Dialogs;
using Llama.Trainer.Plain;
using Llama.Trainer.Tokens;

namespace Llama.Trainer.Training;

/// <summary>What is practised next, and what is known so far.</summary>
internal sealed class Lesson(IReadOnlyList<WordEntry> words, StrangeWords strange, Tokenizer tokenizer, int seed)
{
    private readonly WordPractice _practice = new(words.Count);
    private readonly Random _random = new(seed);

    /// <summary>Enough examples for about so many batches, cut by length, in random order.</summary>
    public IEnumerable<Batch> Draw(int batchCount, int batchTokens)
    {
        _practice.Refresh();
        DialogSampler sampler = new(words, strange, _practice, _random);
        List<Example> examples = [];
        for (int tokens = 0; tokens < batchCount * batchTokens; tokens += examples[^1].Tokens.Count) examples.Add(Example.From(sampler.Next(), tokenizer));
        Batch[] batches = [.. Batch.Cut(examples, batchTokens)];
        _random.Shuffle(batches);
        return batches;
    }

    /// <summary>Feeds the losses of a batch's targets back, so that badly known words come up more often.</summary>
    public void Report(Batch batch, float[] losses)
    {
        IEnumerable<(int Word, float Loss)> answers = batch.Examples.SelectMany(example => example.Targets).Zip(losses, (target, loss) => (target.WordIndex, loss));
        foreach (var answer in answers.Where(answer => answer.Word >= 0).GroupBy(answer => answer.Word)) _practice.Report(answer.Key, answer.Average(pair => pair.Loss));
    }

    /// <summary>A quick look at accuracy on samples.</summary>
    public string Quiz(PlainLlama model)
    {
        Examination examination = new(words, strange.HeldOut, [.. strange.HeldOutInvented]);
        Random random = new(3);
        return string.Join(", ", examination.Parts().Select(part => Score(model, part.Name, random.GetItems(part.Dialogs.ToArray(), 200))));
    }

    private string Score(PlainLlama model, string name, Dialog[] dialogs) =>
        $"{name} {Exactness.Exact(model, dialogs.Select(dialog => Example.From(dialog, tokenizer))).Count / (double)dialogs.Length:P1}";
}
