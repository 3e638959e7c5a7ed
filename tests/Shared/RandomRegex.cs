using System.Text;

namespace Llama.Tests.Shared;

/// <summary>Writes random regular expressions over the supported syntax; the same ones for the same seed.</summary>
public sealed class RandomRegex(int seed)
{
    private static readonly string[] Atoms =
    [
        "a", "b", "c", "the", "é", "世", " ", @"\.", @"\n", @"\t", "\"", @"\\", @"\x41", @"\u00E9", @"\{", "}", ":", @"\d", @"\D", @"\w", @"\W", @"\s", @"\S", ".", @"\p{Lu}", @"\p{Nd}", @"\P{L}",
        "[a-c]", "[^a-z]", @"[\d_]", @"[^\d]", @"[^\W\d]", @"[\w.-]", "[é-ö]", "[一-丐]", "[^\"\\\\]", @"[\s\S]", @"[^\S]",
    ];

    private static readonly string[] Quantifiers = ["?", "*", "+", "{2}", "{1,3}", "{0,12}", "{2,}", "{9,11}", "{12,}", "*?", "+?", "??", "{3,20}?"];

    private readonly Random _random = new(seed);

    public string Next() => Alternation(3);

    private string Alternation(int depth)
    {
        string pattern = Sequence(depth);
        while (_random.Next(4) == 0) pattern += "|" + Sequence(depth);
        return pattern;
    }

    private string Sequence(int depth)
    {
        var pattern = new StringBuilder();
        for (int i = _random.Next(5); i > 0; i--)
        {
            string atom = Atom(depth);
            pattern.Append(_random.Next(3) > 0 ? atom : (atom.Length > 1 && atom[0] is not ('\\' or '[' or '(') ? $"(?:{atom})" : atom) + Quantifiers[_random.Next(Quantifiers.Length)]);
        }
        return pattern.ToString();
    }

    private string Atom(int depth) => depth == 0 || _random.Next(4) > 0
        ? Atoms[_random.Next(Atoms.Length)]
        : (_random.Next(3) switch { 0 => "(", 1 => "(?:", _ => $"(?<g{depth}>" }) + Alternation(depth - 1) + ")";
}
