using System.Diagnostics;

namespace Llama.Model.Tests.Torch;

/// <summary>A test that needs the C compiler.</summary>
public sealed class GccFactAttribute : FactAttribute
{
    public GccFactAttribute()
    {
        if (!IsThere) Skip = "There is no gcc here.";
    }

    private static bool IsThere { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "gcc")));

    /// <summary>Makes a shared library.</summary>
    public static void Build(string source, string output, params string[] options)
    {
        string file = output + ".c";
        File.WriteAllText(file, source);
        using Process gcc = Process.Start(new ProcessStartInfo("gcc", ["-shared", "-fPIC", .. options, "-o", output, file]) { RedirectStandardError = true })!;
        string messages = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, messages);
    }
}
