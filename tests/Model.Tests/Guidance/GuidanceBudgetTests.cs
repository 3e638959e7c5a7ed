using Llama.Model.Guidance;
using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.RegularExpressions;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance;

public sealed class GuidanceBudgetTests
{
    private static readonly Tokenizer Large = LargeVocabulary.Load();

    [Fact]
    public void Step_WarmGuide_AllocatesNothing()
    {
        TokenGrammar grammar = TokenGrammar.Create(Grammar.Regex("\\{\"name\": \"[a-z ]{0,400}\", \"age\": [0-9]{1,3}\\}"), Large, LargeVocabulary.Size);
        List<int> tokens = Write(grammar.Start(atSequenceStart: true), []);
        ITokenGuide warm = grammar.Start(atSequenceStart: true);
        Write(warm, tokens);
        Queue<ITokenGuide> guides = new(Enumerable.Range(0, Allocated.Stretches).Select(_ => grammar.Start(atSequenceStart: true)));
        foreach (ITokenGuide guide in guides) guide.Allowed[0].ToString(); // its own mask of one token
        long allocated = Allocated.InStretch(() =>
        {
            ITokenGuide guide = guides.Dequeue();
            foreach (int token in tokens)
            {
                _ = guide.TryForce(out _) | guide.MayEnd | guide.IsComplete | guide.Allowed[0] == 1;
                guide.Accept(token);
            }
        });
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Mask_OfALargeVocabulary_EqualsTheOracles()
    {
        Expression expression = RegexGrammar.Parse("\"(?:[^\"\\\\]|\\\\[\"\\\\nt]){0,12}\"", RegexMatch.Whole);
        ITokenGuide guide = TokenGrammar.Create(new Grammar(expression), Large, LargeVocabulary.Size).Start(atSequenceStart: true);
        MaskComparison.Walk(Large, guide, Remainder.Of(expression), atStart: true, new Random(1), steps: 2);
    }

    // One byte leads all alternatives to the same place: merging their ways one after the other would be sixteen times.
    [Fact]
    public void Machine_UnderFourTimesAsManyAlternatives_TakesNoMoreThanSomeFourTimesTheMemory()
    {
        long few = Allocate(16), many = Allocate(64);
        Assert.InRange(many, few, 8 * few);

        static long Allocate(int count)
        {
            string pattern = string.Join('|', Enumerable.Range(0, count).Select(i => $".*a.{{{200 + i}}}"));
            Automaton automaton = AutomatonBuilder.Build(RegexGrammar.Parse(pattern, RegexMatch.Whole));
            return Allocated.InStretch(() =>
            {
                ByteState state = new AutomatonMachine(automaton, long.MaxValue).Start;
                for (int i = 0; i < 40; i++) state = state.Advance((byte)'a');
            });
        }
    }

    // Forgetting must not show, except in the time it takes to find things anew.
    [Theory]
    [InlineData("", @";\w{3,30}")]
    [InlineData("(?:(?:(?:.+){0,5}b?){0,5})+", "")]
    public void Machine_ThatForgets_GoesTheSameWayWithTheSameEffort(string before, string behind)
    {
        Expression[] parts = [RegexGrammar.Parse(before, RegexMatch.Whole), RecursiveGrammars.Ambiguous(withLists: true), RegexGrammar.Parse(behind, RegexMatch.Whole)];
        Automaton automaton = AutomatonBuilder.Build(new Concatenation(parts));
        AutomatonMachine keeping = new(automaton, long.MaxValue), forgetting = new(automaton, 5_000);
        var random = new Random(9);
        int step = 0;
        for (int walk = 0; walk < 200; walk++)
        {
            ByteState first = keeping.Start, second = forgetting.Start;
            for (int i = 0; i < 60 && first != ByteState.Dead; i++)
            {
                Assert.Equal((first.IsAccepting, first.IsFinal, first.ForcedByte), (second.IsAccepting, second.IsFinal, second.ForcedByte));
                byte value = (byte)"aabcde[,];xyz"[random.Next(13)];
                long effort = 0, effortAnew = 0;
                (first, second) = (first.Advance(value, ++step, ref effort), second.Advance(value, step, ref effortAnew));
                Assert.Equal(first == ByteState.Dead, second == ByteState.Dead);
                Assert.Equal(effort, effortAnew);
                forgetting.Trim();
            }
        }
        Assert.True(forgetting.StateCount < keeping.StateCount);
    }

    private static List<int> Write(ITokenGuide guide, List<int> tokens)
    {
        var written = new List<int>();
        for (int i = 0; !guide.IsComplete; i++)
        {
            int token = i < tokens.Count ? tokens[i] : guide.TryForce(out int forced) ? forced : GuideWalk.Allowed(guide)[^1];
            _ = guide.TryForce(out _) | guide.Allowed[0] == 0;
            written.Add(token);
            guide.Accept(token);
        }
        return written;
    }
}
