using Llama.Model.Guidance;
using Llama.Model.Guidance.Automata;

namespace Llama.Model.Tests.Guidance;

/// <summary>Text in which another must not appear.</summary>
public sealed class FreeTextTests
{
    [Theory]
    [InlineData("<tool_call>", null)]
    [InlineData("aabaa", null)]
    [InlineData("", '[')]
    [InlineData("ab", '{')]
    public void Without_RandomTexts_AreAcceptedWhereTheOtherIsNotInThem(string text, char? first)
    {
        AutomatonMachine machine = new(AutomatonBuilder.Build(Grammar.Without(text, first).Start), 1 << 20);
        var random = new Random(5);
        string letters = text + "ab{[ \n" + (first is { } c ? $"{c}" : "");
        for (int i = 0; i < 2000; i++)
        {
            string sample = string.Concat(Enumerable.Range(0, random.Next(14)).Select(_ => letters[random.Next(letters.Length)]));
            if (text.Length > 0 && random.Next(3) == 0) sample = sample.Insert(random.Next(sample.Length + 1), text);

            bool isFree = (text.Length == 0 || !sample.Contains(text, StringComparison.Ordinal)) && (first is null || !sample.AsSpan().TrimStart().StartsWith($"{first}"));

            Assert.Equal(isFree, Accepts(machine, sample));
        }
    }

    private static bool Accepts(AutomatonMachine machine, string text)
    {
        ByteState state = machine.Start;
        foreach (byte value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            if (state == ByteState.Dead) return false;
            state = state.Advance(value);
        }
        return state.IsAccepting;
    }
}
