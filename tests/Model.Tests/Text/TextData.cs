using System.Runtime.CompilerServices;
using System.Text;

namespace Llama.Model.Tests.Text;

/// <summary>The recorded tokenizers and vectors beside these tests (see Data/regenerate.sh).</summary>
internal static class TextData
{
    public static string Folder(string name) => Path.Combine(Here(), "Data", name);

    /// <summary>The lines of a recorded file; only a line feed ends one.</summary>
    public static string[] Lines(string name) => Encoding.UTF8.GetString(File.ReadAllBytes(Folder(name))).TrimEnd('\n', 1).Split('\n');

    public static int[] Ids(string line) => [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    private static string TrimEnd(this string text, char c, int count) => text.EndsWith(c) ? text[..^count] : text;

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
