using System.Text;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>How long the texts of an expression are, in characters.</summary>
/// <param name="Minimum">Of the shortest.</param>
/// <param name="Maximum">Of the longest; null if there is none.</param>
/// <param name="Largest">The largest code point within, which tells whether judges count alike.</param>
internal readonly record struct TextLength(long Minimum, long? Maximum, int Largest)
{
    private const int LastOfAscii = 0x7F, LastOfBasicPlane = 0xFFFF;

    public static TextLength Of(Expression expression) => expression switch
    {
        Literal literal => OfLiteral(literal.Text),
        CharacterClass characters => new TextLength(1, 1, characters.Set.IsEmpty ? 0 : characters.Set.Ranges[^1].Last),
        Concatenation sequence => sequence.Items.Select(Of).Aggregate(default(TextLength) with { Maximum = 0 }, (sum, item) => sum.Then(item)),
        Alternation choice => choice.Items.Select(Of).Aggregate((one, other) => one.Or(other)),
        Repetition repetition => Of(repetition.Item).Times(repetition.Minimum, repetition.Maximum),
        _ => new TextLength(0, null, LastOfBasicPlane + 1),
    };

    /// <summary>Whether all texts are as short for any judge: units of UTF-16, of which a character may take two, are the most that one counts.</summary>
    public bool IsAtMost(int? length) => length is null || Maximum * (Largest > LastOfBasicPlane ? 2 : 1) <= length;

    /// <summary>Whether all texts are as long for any judge: in ASCII nothing joins.</summary>
    public bool IsAtLeast(int length) => length == 0 || (Minimum >= length && Largest <= LastOfAscii);

    private static TextLength OfLiteral(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        return new TextLength(runes.Length, runes.Length, runes.Select(rune => rune.Value).DefaultIfEmpty().Max());
    }

    private TextLength Then(TextLength other) => new(Minimum + other.Minimum, Maximum + other.Maximum, Math.Max(Largest, other.Largest));

    private TextLength Or(TextLength other) => new(
        Math.Min(Minimum, other.Minimum),
        Maximum is { } one && other.Maximum is { } two ? Math.Max(one, two) : null,
        Math.Max(Largest, other.Largest));

    private TextLength Times(int minimum, int? maximum) => new(Minimum * minimum, Maximum == 0 ? 0 : Maximum * maximum, Largest);
}
