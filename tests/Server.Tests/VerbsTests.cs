using System.Text;
using Llama.Server.CommandLine;
using Llama.Server.Configuration;
using Llama.Server.Web.Settings;

namespace Llama.Server.Tests;

public sealed class VerbsTests
{
    [Theory]
    [InlineData]
    [InlineData("--urls", "http://127.0.0.1:0")]
    [InlineData("--Model:Path=x")]
    public async Task RunAsync_SettingsOnly_Serves(params string[] args) => Assert.Null((await RunAsync(args)).ExitCode);

    [Theory]
    [InlineData("nonsense")]
    [InlineData("nonsense", "--Model:Path=x")]
    [InlineData("nonsense", "--help")]
    [InlineData("help", "nonsense")]
    [InlineData("fields", "--nonsense")]
    [InlineData("bench", "nonsense")]
    [InlineData("bench", "serve", "--nonsense")]
    public async Task RunAsync_WordThatIsNotThere_IsNamed(params string[] args)
    {
        (int? exitCode, string output, string error) = await RunAsync(args);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("nonsense'", error);
        Assert.Contains("--help", error);
    }

    [Theory]
    [InlineData("fields", "field")]
    [InlineData("chat", "cht")]
    [InlineData("key", "kye")]
    [InlineData("--type", "convert", "--tpye")]
    public async Task RunAsync_MisspeltWord_SuggestsTheRightOne(string meant, params string[] args) => Assert.Contains($"\n{meant}\n", (await RunAsync(args)).Error.ReplaceLineEndings("\n"));

    [Theory]
    [InlineData("fields", "x")]
    [InlineData("fields", "-x")]
    [InlineData("bench", "foo")]
    [InlineData("the")]
    public async Task RunAsync_WordNearToNothing_SuggestsNothing(params string[] args) => Assert.DoesNotContain("Did you mean", (await RunAsync(args)).Error);

    [Theory]
    [InlineData("fields")]
    [InlineData("bench", "serve")]
    public async Task RunAsync_SettingForAVerbWithoutAny_IsAnError(params string[] verb)
    {
        (int? exitCode, _, string error) = await RunAsync([.. verb, "--Model:Path", "x"]);

        Assert.Equal(2, exitCode);
        Assert.Contains($"'{string.Join(' ', verb)}' reads no settings", error);
        Assert.Contains("--Model:Path=x", error);
    }

    [Theory]
    [InlineData(new[] { "a", "--Model:Path=x=y", "--b", "1" }, new[] { "--Model:Path=x=y" }, new[] { "a", "--b", "1" })]
    [InlineData(new[] { "--Auth:ApiKeys:0", "k", "--Model:Path" }, new[] { "--Auth:ApiKeys:0=k", "--Model:Path" }, new string[0])]
    [InlineData(new[] { "--Model:Path", "--json" }, new[] { "--Model:Path" }, new[] { "--json" })]
    [InlineData(new[] { "--Modle:Path=x", "--model", "Model:Path=x" }, new string[0], new[] { "--Modle:Path=x", "--model", "Model:Path=x" })]
    [InlineData(new[] { "--model:path", "x", "--KESTREL:a=b" }, new[] { "--model:path=x", "--KESTREL:a=b" }, new string[0])] // as the host takes them
    public void Split_SettingsAmongOtherWords_AreTakenOut(string[] args, string[] settings, string[] others)
    {
        (string[] Settings, string[] Others) split = SettingsArguments.Split(args);

        Assert.Equal(settings, split.Settings);
        Assert.Equal(others, split.Others);
    }

    [Theory]
    [InlineData("plan", "--Model:Path")]
    [InlineData("verify", "--Model:Path")]
    [InlineData("bench", "latency", "--Model:Path", "--runs", "1")]
    public async Task RunAsync_SettingWithoutAValue_IsNotPassedOver(params string[] args)
    {
        (int? exitCode, _, string error) = await RunAsync(args);

        Assert.Equal(1, exitCode);
        Assert.Contains("--Model:Path has no value", error);
    }

    [Fact]
    public async Task RunAsync_Help_NamesEveryVerbAndSetting()
    {
        (int? exitCode, string output, _) = await RunAsync("--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("\n  bench ", output);
        Assert.Contains("\n  fields ", output);
        foreach ((string section, Type type) in ServerSections.All)
            Assert.All(SettingsBinder.PropertiesOf(type).Keys, name => Assert.Contains($"--{section}:{name}", output));
    }

    [Fact]
    public async Task RunAsync_HelpBeforeAVerb_IsTheVerbsOwn() =>
        Assert.Equal(await RunAsync("bench", "latency", "--help"), await RunAsync("help", "bench", "latency"));

    /// <summary>A full disk, for one, is told in a sentence and not in a stack trace.</summary>
    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("fields")]
    public async Task RunAsync_OutputThatCannotBeWritten_IsSaid(string word)
    {
        using StringWriter error = new();

        Assert.Equal(1, await Verbs.RunAsync([word], new FullDisk(), error));

        Assert.StartsWith(FullDisk.Message, error.ToString());
    }

    /// <summary>Nobody can be told then; but the program must not end as one that crashed.</summary>
    [Theory]
    [InlineData("nonsense")]
    [InlineData("convert")]
    [InlineData("fields", "--Model:Path=x")]
    public async Task RunAsync_ErrorThatCannotBeWritten_IsAnExitCode(params string[] args) => Assert.InRange((await Verbs.RunAsync(args, TextWriter.Null, new FullDisk())) ?? 0, 1, 2);

    public static TheoryData<Exception> Shortages => [new OutOfMemoryException(), new IOException("Cannot allocate memory", 12)]; // ENOMEM, of a file that cannot be mapped

    [Theory]
    [MemberData(nameof(Shortages))]
    public async Task RunAsync_NotEnoughMemory_IsSaidWithTheRemedy(Exception shortage)
    {
        using StringWriter error = new();

        Assert.Equal(1, await Verbs.RunAsync(["fields"], new Failing(shortage), error));

        Assert.Equal("There is not enough memory for this. Free some memory, or raise the limit that the process has (ulimit -v, the container's).", error.ToString().TrimEnd());
    }

    [Fact]
    public async Task RunAsync_NotEnoughMemoryForAVerbWithSettings_NamesThem()
    {
        using StringWriter error = new();

        Assert.Equal(1, await Verbs.RunAsync(["plan", "--Model:Device=cpu"], new Failing(new OutOfMemoryException()), error));

        Assert.Matches("There is not enough memory for this. .*Model:MemoryLimit", error.ToString());
    }

    [Theory]
    [InlineData("--out", "--force")]
    [InlineData("--out", "x.gguf", "--type", "Q8_0", "--model", "--force")]
    public async Task RunAsync_OptionWhereAValueShouldBe_IsNotTakenForIt(params string[] args)
    {
        (int? exitCode, _, string error) = await RunAsync(["convert", .. args]);

        Assert.Equal(2, exitCode);
        Assert.Contains($"{args[^2]} has no value, as --force behind it is an option itself", error);
    }

    internal static async Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter written = new(), failed = new();
        int? exitCode = await Verbs.RunAsync(args, written, failed);
        return (exitCode, written.ToString(), failed.ToString());
    }

    private sealed class FullDisk() : Failing(new IOException(Message))
    {
        public const string Message = "No space left on device";
    }

    private class Failing(Exception exception) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw exception;
    }
}
