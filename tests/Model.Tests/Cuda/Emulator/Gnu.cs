using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Llama.Model.Cuda;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>The compiler of the machine, and what it made before: results are kept in a temporary folder under a hash of all they depend on, so that a test run compiles each variant once.</summary>
internal static class Gnu
{
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"llama-emulator-{Environment.UserName}");

    /// <summary>Why nothing can be emulated here, or null.</summary>
    public static string? Missing { get; } = OtherProgram.Find("g++") is null ? "there is no g++ on the PATH to compile kernels for the emulator" : null;

    /// <summary>The path of a shared library.</summary>
    /// <param name="files">Name and text of all sources and headers.</param>
    /// <param name="commands">What to call <c>g++</c> with in a folder that has the files, one call after the other; the last writes <c>made.so</c>.</param>
    public static string Library(IReadOnlyList<(string Name, string Text)> files, params IReadOnlyList<string>[] commands)
    {
        string path = Path.Combine(Folder, $"{Hash(files, commands)}.so");
        if (File.Exists(path)) return path;
        DirectoryInfo folder = Directory.CreateDirectory(Path.Combine(Folder, Path.GetRandomFileName()));
        try
        {
            foreach ((string name, string text) in files) File.WriteAllText(Path.Combine(folder.FullName, name), text);
            foreach (IReadOnlyList<string> arguments in commands) Run(folder.FullName, arguments);
            File.Move(Path.Combine(folder.FullName, "made.so"), path, overwrite: true); // whoever else made the same loads one of the two
            return path;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>File and line of an instruction, or null; from what it was inlined into as well, outermost last.</summary>
    public static string? Line(string library, ulong offset)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("addr2line", ["-i", "-s", "-e", library, $"0x{offset:x}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string[] lines = [.. process.StandardOutput.ReadToEnd().Split('\n').Where(line => line.Length > 0 && !line.Contains('?') && !line.StartsWith("module.cpp", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])];
            process.WaitForExit();
            return lines.Length == 0 ? null : string.Join(" in ", lines);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string Hash(IReadOnlyList<(string Name, string Text)> files, IReadOnlyList<string>[] commands)
    {
        StringBuilder all = new();
        foreach ((string name, string text) in files) all.Append(name).Append('\0').Append(text).Append('\0');
        foreach (IReadOnlyList<string> arguments in commands) all.AppendJoin('\0', arguments).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())))[..32];
    }

    private static void Run(string folder, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new("g++", arguments) { WorkingDirectory = folder, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string messages = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new CudaException($"g++ {string.Join(' ', arguments)} failed:\n{messages}");
    }
}
