using Llama.Server.CommandLine;
using Llama.Server.Configuration;

namespace Llama.Server.Tests;

public sealed class VerbsTests
{
    [Theory]
    [InlineData]
    [InlineData("--urls", "http://127.0.0.1:0")]
    [InlineData("--Model:Path=x")]
    public void TryAnswer_SettingsOnly_Serves(params string[] args) => Assert.False(Answer(args, out _, out _, out _));

    [Theory]
    [InlineData("bench")]
    [InlineData("quantize", "--Model:Path=x")]
    [InlineData("nonsense")]
    public void TryAnswer_VerbThatIsNotThere_IsAnError(params string[] args)
    {
        Assert.True(Answer(args, out int exitCode, out string output, out string error));
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains($"'{args[0]}'", error);
    }

    [Fact]
    public void TryAnswer_Help_NamesEverySetting()
    {
        Assert.True(Answer(["--help"], out int exitCode, out string output, out _));
        Assert.Equal(0, exitCode);
        (string Section, Type Type)[] sections =
        [
            ("Model", typeof(ModelSettings)), ("Scheduler", typeof(SchedulerSettings)), ("Server", typeof(ServerSettings)), ("Auth", typeof(AuthSettings)),
        ];
        foreach ((string section, Type type) in sections)
            Assert.All(type.GetProperties(), property => Assert.Contains($"--{section}:{property.Name}", output));
    }

    private static bool Answer(string[] args, out int exitCode, out string output, out string error)
    {
        using StringWriter written = new(), failed = new();
        bool isAnswered = Verbs.TryAnswer(args, written, failed, out exitCode);
        (output, error) = (written.ToString(), failed.ToString());
        return isAnswered;
    }
}
