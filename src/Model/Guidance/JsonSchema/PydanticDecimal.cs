using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// The patterns that pydantic writes for a <c>Decimal</c>, with and without <c>max_digits</c> and <c>decimal_places</c>. They look ahead, which cannot be compiled, and some take
/// any text, since an alternative of theirs has no end. What is put in their place are numbers, all of which match them.
/// </summary>
internal static partial class PydanticDecimal
{
    // Not signs and points alone; then zeros that do not count.
    private const string Head = "^(?!^[-+.]*$)[+-]?0*";

    // Python's own decimals end at 28 digits. More are a larger grammar, not another one.
    private const int MostDigits = 28;

    /// <summary>The same without looking ahead; a pattern of another kind as it is.</summary>
    public static string Plain(string pattern)
    {
        if (!pattern.StartsWith(Head, StringComparison.Ordinal)) return pattern;
        string rest = pattern[Head.Length..];
        if (rest == @"\d*\.?\d*$") return Number(@"\d+\.?\d*", @"\.\d+");
        if (WithPlaces().Match(rest) is { Success: true } bound) return WithPlaces("+", Count(bound, "places"));
        if (WithDigitsAndPlaces().Match(rest) is { Success: true } both) return WithDigitsAndPlaces(Count(both, "integer"), Count(both, "length") - 1, Count(both, "places"));
        return WithDigits().Match(rest) is { Success: true } digits ? WithDigits(Math.Min(Count(digits, "digits"), MostDigits)) : pattern;
    }

    // Where no digit is left before the point, pydantic takes 0.5 and not 0.
    private static string WithDigitsAndPlaces(int integer, int digits, int places) =>
        integer == 0 ? Number("0?" + Fraction(1, Math.Min(digits, places))) : WithPlaces($"{{1,{integer}}}", places);

    private static string WithPlaces(string integer, int places) =>
        places == 0 ? Number($@"\d{integer}") : Number($@"\d{integer}({Fraction(0, places)})?", Fraction(1, places));

    // What is left of the digits may stand behind the point.
    private static string WithDigits(int digits) =>
        Number([Fraction(1, digits), .. Enumerable.Range(1, digits).Select(integer => $@"\d{{{integer}}}({Fraction(0, digits - integer)})?")]);

    private static string Fraction(int fewest, int most) => $@"\.\d{{{fewest},{most}}}";

    private static string Number(params IEnumerable<string> forms) => $"^[+-]?({string.Join('|', forms)})$";

    private static int Count(Match match, string name) => int.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\\d\*\\\.\?\\d\{0,(?<places>[0-9]{1,4})\}0\*\$$")]
    private static partial Regex WithPlaces();

    [GeneratedRegex(@"^\(\?:\\d\{0,(?<integer>[0-9]{1,4})\}\|\(\?=\[\\d\.\]\{1,(?<length>[0-9]{1,4})\}0\*\$\)\\d\{0,\k<integer>\}\\\.\\d\{0,(?<places>[0-9]{1,4})\}0\*\$\)$")]
    private static partial Regex WithDigitsAndPlaces();

    [GeneratedRegex(@"^\(\?:\\d\{0,(?<digits>[0-9]{1,4})\}\|\(\?=\[\\d\.\]\{1,(?<length>[0-9]{1,4})\}0\*\$\)\\d\*\\\.\\d\*0\*\$\)$")]
    private static partial Regex WithDigits();
}
