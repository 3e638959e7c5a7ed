using System.Globalization;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Characters of which a text has the same length to every judge: JavaScript and .NET count UTF-16 units, JSON Schema and Python code points, NJsonSchema what a reader takes for
/// one character. No pairs, no marks that join what is before them, nothing invisible.
/// </summary>
internal static class CountableCharacters
{
    private const int LastOfBasicPlane = 0xFFFF;

    private static readonly Lazy<CodePointSet> Made = new(Make);

    public static CodePointSet Set => Made.Value;

    private static CodePointSet Make()
    {
        var members = new List<CodePointRange>();
        for (int code = 0x20; code <= LastOfBasicPlane; code++)
        {
            if (IsCountable((char)code)) members.Add(new CodePointRange(code, code));
        }
        return CodePointSet.Of(members).Union(CodePointSet.Characters("\n\t"));
    }

    private static bool IsCountable(char character) => CharUnicodeInfo.GetUnicodeCategory(character) switch
    {
        UnicodeCategory.Surrogate or UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse => false,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => false,
        < UnicodeCategory.NonSpacingMark when character < 0x300 => true,
        _ => StandsAlone(character),
    };

    // Twice, since parts of a Hangul syllable join each other; some letters of other scripts join what is beside them though they are no marks.
    private static bool StandsAlone(char character)
    {
        ReadOnlySpan<char> text = ['a', character, character, 'a'];
        return StringInfo.GetNextTextElementLength(text) == 1 && StringInfo.GetNextTextElementLength(text[1..]) == 1 && StringInfo.GetNextTextElementLength(text[2..]) == 1;
    }
}
