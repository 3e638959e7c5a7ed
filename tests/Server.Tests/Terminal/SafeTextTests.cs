using Llama.Server.CommandLine.Terminal;

namespace Llama.Server.Tests.Terminal;

public sealed class SafeTextTests
{
    [Fact]
    public void Of_AnyText_HoldsNoCharacterThatCommandsATerminal()
    {
        Random random = new(1);
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => (char)random.Next(random.Next(2) == 0 ? 0xa2 : 0x2400)));

            string safe = SafeText.Of(text);

            Assert.DoesNotContain(safe, letter => char.IsControl(letter) && letter is not ('\n' or '\t'));
            Assert.Equal(text.Where(letter => !char.IsControl(letter)), safe.Where((letter, i) => letter < 0x2400 && !char.IsControl(letter)));
        }
    }

    [Theory]
    [InlineData("a\tb\nc", "a\tb\nc")]
    [InlineData("a\r\nb\rc", "a\nb␍c")]
    [InlineData("\e[31mred\u009b0m\u007f\0", "␛[31mred␛0m␡␀")]
    public void Of_ControlCharacters_AreShownByTheirPictures(string text, string safe) => Assert.Equal(safe, SafeText.Of(text));
}
