using System.Diagnostics;

namespace Llama.Tests.Shared;

/// <summary>Programs of others.</summary>
public static class OtherProgram
{
    /// <summary>A program's file; null where it is not installed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folders">Where it is sought besides the PATH.</param>
    public static string? Find(string name, params string[] folders) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(folders).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs one; gives what it wrote, and its exit code.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string name, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
