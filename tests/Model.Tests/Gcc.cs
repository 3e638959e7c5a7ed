using System.Diagnostics;
using Llama.Tests.Shared;

namespace Llama.Model.Tests;

/// <summary>The C compiler.</summary>
internal static class Gcc
{
    /// <summary>Why nothing can be compiled here; null where it can.</summary>
    public static string? Missing { get; } = OtherProgram.Find("gcc") is null ? "There is no gcc here." : null;

    /// <summary>Makes a shared library of a source file.</summary>
    public static void Build(string source, string library, params string[] options)
    {
        using Process gcc = Process.Start(new ProcessStartInfo("gcc", ["-shared", "-fPIC", .. options, "-o", library, source]) { RedirectStandardError = true })!;
        string messages = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, messages);
    }
}
