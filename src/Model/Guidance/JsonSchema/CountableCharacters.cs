using System.Globalization;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Characters of which a text has the same length to every judge: JavaScript and .NET count UTF-16 units, JSON Schema and Python code points, NJsonSchema what a reader takes for
/// one character. No marks that join what is before them, nothing invisible.
/// </summary>
internal static class CountableCharacters
{
    private static readonly Lazy<CodePointSet> MadeSingles = new(() => Among(0x20, 0xFFFF).Union(CodePointSet.Characters("\n\t")));
    private static readonly Lazy<CodePointSet> MadePairs = new(() => Among(0x10000, 0x3FFFF)); // nothing that can be counted is beyond

    /// <summary>Those of one UTF-16 unit.</summary>
    public static CodePointSet Singles => MadeSingles.Value;

    /// <summary>Those of two UTF-16 units, which are one character to all other judges.</summary>
    public static CodePointSet Pairs => MadePairs.Value;

    private static CodePointSet Among(int first, int last) =>
        CodePointSet.Of(Enumerable.Range(first, last - first + 1).Where(IsCountable).Select(code => new CodePointRange(code, code)));

    private static bool IsCountable(int code) => CharUnicodeInfo.GetUnicodeCategory(code) switch
    {
        UnicodeCategory.Surrogate or UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse => false,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => false,
        < UnicodeCategory.NonSpacingMark when code < 0x300 => true,
        _ => StandsAlone(char.ConvertFromUtf32(code)),
    };

    // Twice, since parts of a Hangul syllable join each other; some letters of other scripts join what is beside them though they are no marks.
    private static bool StandsAlone(string character) => StringInfo.ParseCombiningCharacters($"a{character}{character}a").Length == 4;
}
