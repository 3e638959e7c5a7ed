using System.Text.Json.Nodes;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>The program in a process of its own, started where hardly anyone does.</summary>
public sealed class OddPlacesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama;odd ü").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("doctor")]
    [InlineData("--Model:Path=model")]
    public async Task Start_FromAFolderThatIsGone_SaysSo(string argument)
    {
        (int exitCode, _, string error) = await RunAsync("mkdir gone && cd gone && rmdir ../gone && exec dotnet exec \"$@\"", Program, argument);

        Assert.Equal((1, "The folder that this program was started in is gone."), (exitCode, error.Split(". ")[0] + "."));
    }

    [Fact]
    public async Task Start_WithASemicolonInThePathOfItsFiles_ReadsItsSettings()
    {
        string[] own = ["Llama.Server.dll", "Llama.Server.deps.json", "Llama.Server.runtimeconfig.json"]; // of links to them the runtime would take the targets' folder
        foreach (string name in own) File.Copy(Beside(name), Path.Combine(_folder, name));
        foreach (string path in Directory.GetFiles(AppContext.BaseDirectory, "*.dll").Where(path => !own.Contains(Path.GetFileName(path))))
            File.CreateSymbolicLink(Path.Combine(_folder, Path.GetFileName(path)), path);

        (_, string output, string error) = await RunAsync("exec dotnet exec \"$@\"", Path.Combine(_folder, own[0]), "doctor", $"--Model:Path={Beside("models/llama-2-wordnet-8m")}", "--urls=http://127.0.0.1:0");

        Assert.Contains("all valid", output + error);
    }

    [Fact]
    public async Task Output_ToAProgramWhereTerminalsSpeakLatin1_IsUtf8()
    {
        (_, string output, _) = await RunAsync("LC_ALL=en_US.ISO-8859-1 exec dotnet exec \"$@\"", Program, "plan", "--json", "--Model:Device=cpu");

        Assert.Contains("4 layers × 256", (string?)JsonNode.Parse(output)!["shape"]);
    }

    private static string Program => Beside("Llama.Server.dll");

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(string script, params string[] arguments) =>
        OtherProgram.RunAsync("/bin/sh", ["-c", "cd \"$0\" && " + script, _folder, .. arguments]);
}
