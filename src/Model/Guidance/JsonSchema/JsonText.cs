using System.Globalization;
using System.Text;
using System.Text.Json;
using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Scalars of JSON as expressions (RFC 8259), and the one spelling that given values are written in.</summary>
internal static class JsonText
{
    /// <summary>More digits than these and readers that use binary64 (all of JavaScript's) no longer see the number that was written.</summary>
    public const int MaxDigits = 15;

    private const int MaxExponentDigits = 2;

    /// <summary>Characters that stand for themselves within a string.</summary>
    public static CodePointSet Unescaped { get; } = CodePointSet.Range(0x20, 0x10FFFF).Except(CodePointSet.Characters("\"\\"));

    /// <summary>Any string, with its quotes.</summary>
    public static Expression AnyString { get; } = Quoted(Many(OneOf(new CharacterClass(Unescaped), Escape())));

    /// <summary>Any name that needs no escape, with its quotes: how names that a schema does not give are written.</summary>
    public static Expression AnyName { get; } = Quoted(Repeat(new CharacterClass(Unescaped), 1, null));

    public static Expression AnyInteger { get; } = OneOf(Exact("0"), Sequence(Optional(Exact("-")), PositiveInteger()));

    public static Expression AnyNumber { get; } = Sequence(
        Optional(Exact("-")), OneOf(Exact("0"), PositiveInteger()),
        Optional(Sequence(Exact("."), Repeat(Digit, 1, MaxDigits))),
        Optional(Sequence(AnyOf("eE"), Optional(AnyOf("+-")), Repeat(Digit, 1, MaxExponentDigits))));

    public static Expression Quoted(Expression content) => Sequence(Exact("\""), content, Exact("\""));

    /// <summary>A given string, with its quotes.</summary>
    public static string Spell(string text) => $"\"{string.Concat(text.EnumerateRunes().Select(Spell))}\"";

    /// <summary>One character as it stands within a string; escaped only where it must be.</summary>
    public static string Spell(Rune character) => character.Value switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < 0x20 => $"\\u{character.Value.ToString("x4", CultureInfo.InvariantCulture)}",
        _ => character.ToString(),
    };

    /// <summary>A given value without white space; numbers as they were written, so that every reader sees the schema's own.</summary>
    /// <exception cref="InvalidOperationException">A string within is not valid Unicode.</exception>
    public static string Spell(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Spell(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Spell))}]",
        JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().Select(member => $"{Spell(member.Name)}:{Spell(member.Value)}"))}}}",
        _ => value.GetRawText(),
    };

    private static Expression PositiveInteger() => Sequence(Range('1', '9'), Repeat(Digit, 0, MaxDigits - 1));

    // \uD800 to \uDFFF are halves of characters: readers differ on them, and a whole character can be written as itself.
    private static Expression Escape()
    {
        Expression hex = AnyOf("0123456789abcdefABCDEF");
        Expression code = OneOf(
            Sequence(AnyOf("0123456789abcefABCEF"), Repeat(hex, 3, 3)),
            Sequence(AnyOf("dD"), Range('0', '7'), Repeat(hex, 2, 2)));
        return Sequence(Exact("\\"), OneOf(AnyOf("\"\\/bfnrt"), Sequence(Exact("u"), code)));
    }
}
