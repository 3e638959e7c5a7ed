using System.Diagnostics;

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

    private static string Program => Beside("Llama.Server.dll");

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string script, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script, "sh", .. arguments]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
