using Llama.Model.Guidance;
using Llama.Model.Text;

namespace Llama.Model.Tests.Guidance;

/// <summary>Compares masks with what the oracle says, token by token and byte by byte.</summary>
internal static class MaskComparison
{
    public static void Walk(Tokenizer tokenizer, ITokenGuide guide, Remainder remainder, bool atStart, Random random, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            bool isAtStart = atStart && step == 0 && tokenizer.Parts.DropsLeadingSpace;
            List<int> expected = [.. Enumerable.Range(0, tokenizer.VocabSize).Where(token => IsAllowed(tokenizer, remainder, token, isAtStart))];
            List<int> actual = GuideWalk.Allowed(guide);
            Assert.Equal(remainder.IsAccepting, guide.MayEnd);
            if (guide.TryForce(out _)) Assert.Contains(Assert.Single(actual), expected);
            else Assert.Equal(expected, actual);
            Assert.Equal(remainder.IsAccepting && expected.Count == 0, guide.IsComplete);
            if (actual.Count == 0) return;
            int next = actual[random.Next(actual.Count)];
            guide.Accept(next);
            remainder = After(remainder, Bytes(tokenizer, next, isAtStart));
        }
    }

    private static bool IsAllowed(Tokenizer tokenizer, Remainder remainder, int token, bool atStart)
    {
        TokenKind kind = tokenizer.Parts.Vocabulary.KindOf(token);
        byte[] bytes = Bytes(tokenizer, token, atStart);
        return kind is not (TokenKind.Control or TokenKind.Unknown) && bytes.Length > 0 && After(remainder, bytes) != Remainder.Nothing;
    }

    private static byte[] Bytes(Tokenizer tokenizer, int token, bool atStart)
    {
        byte[] bytes = tokenizer.Bytes(token).ToArray();
        return atStart && tokenizer.Piece(token).StartsWith('▁') ? bytes[1..] : bytes;
    }

    private static Remainder After(Remainder remainder, byte[] bytes) => bytes.Aggregate(remainder, (rest, value) => rest.After(value));
}
