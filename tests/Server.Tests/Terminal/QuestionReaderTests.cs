using Llama.Server.CommandLine.Terminal;

namespace Llama.Server.Tests.Terminal;

public sealed class QuestionReaderTests
{
    [Theory]
    [InlineData("one\ntwo\n\nthree", "one|two||three")]
    [InlineData("one \\\ntwo\\\n\\\nthree\nfour", "one \ntwo\n\nthree|four")]
    [InlineData("ends in \\", "ends in ")]
    [InlineData("\"\"\"one\ntwo\"\"\"\nthree", "one\ntwo|three")]
    [InlineData("  \"\"\"\none \\\n\ntwo\n\"\"\" and more\nthree", "one \\\n\ntwo|three")]
    [InlineData("\"\"\"one\"\"\"", "one")]
    [InlineData("\"\"\"never closed\nmore", "never closed\nmore\n")]
    public void Read_LinesInEveryForm_AreTheQuestionsMeant(string input, string questions)
    {
        QuestionReader reader = new(new StringReader(input), Screens.File(TextWriter.Null), () => false);

        Assert.Equal(questions.Split('|'), Questions(reader));
    }

    [Fact]
    public void Read_LinesPastedTogether_AreOneQuestion()
    {
        StringReader input = new("one\ntwo\nthree\nfour");
        int pasted = 3;
        QuestionReader reader = new(input, Screens.File(TextWriter.Null), () => --pasted > 0);

        Assert.Equal(["one\ntwo\nthree", "four"], Questions(reader));
    }

    private static IEnumerable<string> Questions(QuestionReader reader)
    {
        while (reader.Read() is { } question) yield return question;
    }
}
