using Llama.Trainer.Dialogs;
using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>Examples of similar length side by side; the padding on the right is never attended to by what counts.</summary>
internal sealed class Batch(IReadOnlyList<Example> examples)
{
    private readonly int _length = examples.Max(example => example.Tokens.Count);

    public IReadOnlyList<Example> Examples => examples;

    public int TokenCount => examples.Count * _length;

    /// <summary>Token ids [batch, length].</summary>
    public Tensor Tokens()
    {
        var ids = new long[TokenCount];
        for (int row = 0; row < examples.Count; row++)
            for (int i = 0; i < examples[row].Tokens.Count; i++) ids[row * _length + i] = examples[row].Tokens[i];
        return tensor(ids, [examples.Count, _length]);
    }

    /// <summary>Where in the flattened batch a token is to be predicted.</summary>
    public Tensor TargetPositions() =>
        tensor(examples.SelectMany((example, row) => example.Targets.Select(target => (long)row * _length + target.Position)).ToArray());

    public Tensor TargetTokens() => tensor(examples.SelectMany(example => example.Targets.Select(target => (long)target.Token)).ToArray());

    /// <summary>Sorts examples by length and cuts them into batches of at most <paramref name="tokenBudget"/> tokens with padding.</summary>
    public static List<Batch> Cut(IEnumerable<Example> examples, int tokenBudget)
    {
        List<Batch> batches = [];
        List<Example> open = [];
        foreach (Example example in examples.OrderBy(example => example.Tokens.Count))
        {
            if ((open.Count + 1) * example.Tokens.Count > tokenBudget && open.Count > 0)
            {
                batches.Add(new Batch(open));
                open = [];
            }
            open.Add(example);
        }
        if (open.Count > 0) batches.Add(new Batch(open));
        return batches;
    }
}
