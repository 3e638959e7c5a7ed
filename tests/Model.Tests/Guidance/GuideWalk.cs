using Llama.Model.Guidance;
using Llama.Model.Text;

namespace Llama.Model.Tests.Guidance;

/// <summary>Writes at random under a guide, as a model of no sense would.</summary>
internal sealed class GuideWalk(Tokenizer tokenizer, ITokenGuide guide, Random random)
{
    public List<int> Tokens { get; } = [];

    /// <summary>What has been written, as the server would print it.</summary>
    public string Text => tokenizer.Decode([.. Tokens]);

    public static List<int> Allowed(ITokenGuide guide) => Ids(guide.Allowed);

    public static List<int> Ids(ReadOnlySpan<ulong> mask)
    {
        var allowed = new List<int>();
        for (int token = 0; token < 64 * mask.Length; token++)
        {
            if ((mask[token >> 6] >> token & 1) != 0) allowed.Add(token);
        }
        return allowed;
    }

    /// <summary>Writes until the output ends; false where it has not by so many tokens. A dead end fails the test.</summary>
    /// <param name="most">Most tokens.</param>
    /// <param name="patience">The larger, the later it ends where it may.</param>
    public bool TryFinish(int most, int patience = 4)
    {
        while (Tokens.Count < most)
        {
            if (guide.IsComplete || (guide.MayEnd && random.Next(patience) == 0)) return true;
            if (!TryStep()) return guide.MayEnd;
        }
        return guide.MayEnd;
    }

    /// <summary>Writes one token; false where only the end is left.</summary>
    public bool TryStep()
    {
        List<int> allowed = Allowed(guide);
        Assert.True(allowed.Count > 0 || guide.MayEnd, "A dead end.");
        if (guide.TryForce(out int forced)) Assert.Equal([forced], allowed);
        if (allowed.Count == 0) return false;
        Tokens.Add(allowed[random.Next(allowed.Count)]);
        guide.Accept(Tokens[^1]);
        return true;
    }
}
