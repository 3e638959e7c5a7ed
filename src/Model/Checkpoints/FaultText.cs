using System.Globalization;
using System.Text;

namespace Llama.Model.Checkpoints;

/// <summary>Faults quote names from the file, and in a damaged file a name may be anything: neither a terminal nor a log is to carry it out or drown in it.</summary>
internal static class FaultText
{
    private const int MostBefore = 400, MostBehind = 300; // the name tends to stand in front, the remedy behind

    /// <summary>A fault on one line: what does not print is escaped, and of a very long one the middle is left out.</summary>
    public static string Printable(string fault) => string.Concat(Shorten(fault).EnumerateRunes().Select(Show));

    /// <summary>What a file that is no model and this small mostly is.</summary>
    public static string Pointer(long fileSize) => fileSize < 1024 ? "; a file of a few hundred bytes is mostly a Git LFS pointer: 'git lfs pull' fetches what it stands for" : "";

    private static string Shorten(string fault)
    {
        int left = fault.Length - MostBefore - MostBehind;
        return left <= 0 ? fault : $"{fault[..MostBefore]}…({left} characters)…{fault[^MostBehind..]}";
    }

    private static string Show(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned ? $"\\u{{{rune.Value:x}}}" : rune.ToString();
}
