using Llama.Model.Guidance;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance;

[Collection(nameof(Alone))]
public sealed class GuidanceMemoryTests
{
    private static readonly Tokenizer Large = LargeVocabulary.Load();

    // Places by the thousand, of which each history leaves others: without a bound one mask took seconds, and the states on the way gigabytes.
    [Theory]
    [InlineData("(?:.*[a-m])?", ".", 15_000)]
    [InlineData("(?:.{0,300}[a-m]){30}", "", 0)]
    [InlineData(".*[a-m].{5000}", "", 0)]
    public void Walk_UnderAnAmbiguousRegex_KeepsToABoundOfMemoryAndMeetsNoDeadEnd(string pattern, string copied, int copies)
    {
        TokenGrammar grammar = TokenGrammar.Create(Grammar.Regex(pattern + string.Concat(Enumerable.Repeat(copied, copies))), Large, LargeVocabulary.Size);
        ITokenGuide guide = grammar.Start(atSequenceStart: true);
        var random = new Random(5);
        long before = HeldMebibytes();
        for (int i = 0; i < 60; i++)
        {
            List<int> allowed = GuideWalk.Allowed(guide);
            Assert.NotEmpty(allowed);
            guide.Accept(allowed[random.Next(allowed.Count)]);
        }
        Assert.InRange(HeldMebibytes() - before, -10, 100); // more than was there before cannot have gone: then something else was measured
        GC.KeepAlive(grammar);
        GC.KeepAlive(guide);
    }

    // Twice: what other tests left to their finalisers goes with the second collection.
    private static long HeldMebibytes()
    {
        GC.GetTotalMemory(forceFullCollection: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true) >> 20;
    }
}
