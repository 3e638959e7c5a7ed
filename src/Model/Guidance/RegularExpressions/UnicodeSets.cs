using System.Globalization;

namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>The general categories of Unicode as sets, by the names that <c>\p{…}</c> has for them (UAX #44, table 12).</summary>
internal static class UnicodeSets
{
    private static readonly string[] ShortNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly Dictionary<string, string> LongNames = new(StringComparer.Ordinal)
    {
        ["Letter"] = "L",
        ["Mark"] = "M",
        ["Number"] = "N",
        ["Punctuation"] = "P",
        ["Symbol"] = "S",
        ["Separator"] = "Z",
        ["Other"] = "C",
        ["Uppercase_Letter"] = "Lu",
        ["Lowercase_Letter"] = "Ll",
        ["Titlecase_Letter"] = "Lt",
        ["Modifier_Letter"] = "Lm",
        ["Other_Letter"] = "Lo",
        ["Decimal_Number"] = "Nd",
        ["Letter_Number"] = "Nl",
        ["Other_Number"] = "No",
        ["Currency_Symbol"] = "Sc",
        ["Math_Symbol"] = "Sm",
    };

    private static readonly CodePointSet[] ByCategory = Sort(); // [UnicodeCategory]

    public static CodePointSet Unassigned => Of(UnicodeCategory.OtherNotAssigned);

    /// <summary>All that <c>\w</c> matches in some engine: .NET takes marks and connectors, Python every kind of number, some the joiners.</summary>
    public static CodePointSet Words { get; } = Named("L").Union(Named("M")).Union(Named("N")).Union(Named("Pc")).Union(CodePointSet.Range(0x200C, 0x200D));

    /// <summary>All that <c>\s</c> matches in some engine: U+001C to U+001F are Python's, U+0085 is .NET's, U+FEFF JavaScript's.</summary>
    public static CodePointSet Spaces { get; } = Named("Z").Union(CodePointSet.Characters("\t\n\v\f\r\u001C\u001D\u001E\u001F\u0085\uFEFF"));

    public static CodePointSet Of(UnicodeCategory category) => ByCategory[(int)category];

    /// <summary>Finds a category by its name: <c>Lu</c>, <c>L</c>, <c>Letter</c>, or with <c>gc=</c> before it.</summary>
    public static bool TryFind(string name, out CodePointSet set)
    {
        string value = name[(name.IndexOf('=') + 1)..];
        bool isCategory = value.Length == name.Length || name.StartsWith("gc=", StringComparison.Ordinal) || name.StartsWith("General_Category=", StringComparison.Ordinal);
        set = isCategory && value.Length > 0 ? Named(LongNames.GetValueOrDefault(value, value)) : CodePointSet.Nothing;
        return !set.IsEmpty;
    }

    // One letter stands for all categories that begin with it.
    private static CodePointSet Named(string name) =>
        CodePointSet.Of(Enumerable.Range(0, ShortNames.Length).Where(i => ShortNames[i] == name || (name.Length == 1 && ShortNames[i][0] == name[0])).SelectMany(i => ByCategory[i].Ranges));

    private static CodePointSet[] Sort()
    {
        var ranges = new List<CodePointRange>[ShortNames.Length];
        for (int i = 0; i < ranges.Length; i++) ranges[i] = [];
        for (int first = 0, next; first <= 0x10FFFF; first = next)
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(first);
            for (next = first + 1; next <= 0x10FFFF && CharUnicodeInfo.GetUnicodeCategory(next) == category; next++) { }
            ranges[(int)category].Add(new CodePointRange(first, next - 1));
        }
        return [.. ranges.Select(CodePointSet.Of)];
    }
}
