using Llama.Trainer.Dialogs;
using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>
/// How many last answers greedy decoding gets exactly right. One pass suffices: greedy decoding writes the expected answer
/// if and only if each of its tokens, EOS included, is the most likely one after the tokens before it.
/// </summary>
internal static class Exactness
{
    /// <summary>Which of the examples end with exactly the expected answer.</summary>
    public static HashSet<Example> Exact(PlainLlama model, IEnumerable<Example> examples)
    {
        HashSet<Example> exact = new(ReferenceEqualityComparer.Instance);
        using var noGrad = no_grad();
        foreach (Batch batch in Batch.Cut(examples, tokenBudget: 4096)) exact.UnionWith(Exact(model, batch));
        return exact;
    }

    private static IEnumerable<Example> Exact(PlainLlama model, Batch batch)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = model.Hidden(batch.Tokens()).flatten(0, 1).index_select(0, batch.TargetPositions());
        bool[] right = model.Head(hidden).argmax(-1).eq(batch.TargetTokens()).data<bool>().ToArray();
        List<Example> exact = [];
        int at = 0;
        foreach (Example example in batch.Examples)
        {
            int start = example.Targets.Count - example.LastAnswerLength;
            if (right.AsSpan(at + start, example.LastAnswerLength).IndexOf(false) < 0) exact.Add(example);
            at += example.Targets.Count;
        }
        return exact;
    }
}
