namespace Llama.Trainer.Dialogs;

/// <summary>Draws dictionary words, the badly known ones more often: weight by a running mean of each word's loss.</summary>
internal sealed class WordPractice(int wordCount)
{
    private const double Floor = 0.12, Ceiling = 1.5, Memory = 0.6;

    private readonly double[] _losses = [.. Enumerable.Repeat(Ceiling, wordCount)];
    private double[] _cumulative = [];

    /// <summary>Takes in the mean loss per token of a word's latest answer.</summary>
    public void Report(int word, double loss) => _losses[word] = Memory * _losses[word] + (1 - Memory) * loss;

    /// <summary>Makes the reported losses count from the next draw on.</summary>
    public void Refresh()
    {
        double sum = 0;
        _cumulative = [.. _losses.Select(loss => sum += Floor + Math.Min(loss, Ceiling))];
    }

    public int Draw(Random random)
    {
        int found = Array.BinarySearch(_cumulative, random.NextDouble() * _cumulative[^1]);
        return Math.Min(found < 0 ? ~found : found, _cumulative.Length - 1);
    }
}
