using Llama.Trainer.Corpus;

namespace Llama.Trainer.Dialogs;

/// <summary>Words outside the dictionary: the rest of WordNet, invented ones, misspellings; some are held out to measure honesty on.</summary>
internal sealed class StrangeWords
{
    /// <summary>How many words of WordNet are held out.</summary>
    public const int HeldOutCount = 1500;

    private const int HeldOutInventedCount = 400;
    private static readonly string[] Onsets = ["b", "bl", "br", "c", "ch", "cl", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "l", "m", "n", "p", "pl", "pr", "qu", "r", "s", "sh", "sl", "sn", "sp", "st", "t", "th", "tr", "v", "w", "z", ""];
    private static readonly string[] Vowels = ["a", "e", "i", "o", "u", "ai", "ee", "oo", "ou", "y"];
    private static readonly string[] Codas = ["", "", "", "b", "ck", "d", "ff", "g", "l", "m", "mp", "n", "nd", "ng", "nt", "p", "r", "rk", "s", "sh", "st", "t", "x", "zz"];

    private readonly IReadOnlyList<WordEntry> _known;
    private readonly HashSet<string> _words;
    private readonly string[] _unlisted;

    public StrangeWords(IReadOnlyList<WordEntry> known, WordNet wordNet)
    {
        _known = known;
        _words = [.. known.SelectMany(entry => Forms(entry.Word))];
        Random random = new(7);
        string[] unlisted = [.. wordNet.Senses.Keys.Where(word => !_words.Contains(word) && word.Length is > 2 and < 16).Order(StringComparer.Ordinal)];
        random.Shuffle(unlisted);
        HeldOut = unlisted[..HeldOutCount];
        _unlisted = unlisted[HeldOutCount..];
        _words.UnionWith(unlisted);
        while (HeldOutInvented.Count < HeldOutInventedCount) HeldOutInvented.Add(Invent(random));
        _words.UnionWith(HeldOutInvented);
    }

    public IReadOnlyList<string> HeldOut { get; }

    public HashSet<string> HeldOutInvented { get; } = [];

    /// <summary>A word to practise not knowing.</summary>
    public string Next(Random random) => random.NextDouble() switch
    {
        < 0.65 => _unlisted[random.Next(_unlisted.Length)],
        < 0.88 => Invent(random),
        _ => Misspell(random),
    };

    private string Invent(Random random)
    {
        while (true)
        {
            string word = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(Onsets, random) + Pick(Vowels, random) + Pick(Codas, random)));
            if (word.Length is > 3 and < 14 && !_words.Contains(word)) return word;
        }
    }

    private string Misspell(Random random)
    {
        while (true)
        {
            string word = _known[random.Next(_known.Count)].Word;
            int at = random.Next(word.Length);
            string other = random.Next(3) switch
            {
                0 => word.Remove(at, 1),
                1 => word.Insert(at, ((char)('a' + random.Next(26))).ToString()),
                _ => word.Remove(at, 1).Insert(at, ((char)('a' + random.Next(26))).ToString()),
            };
            if (word.Length > 4 && !_words.Contains(other)) return other;
        }
    }

    // Plurals of known words are asked about as known.
    private static string[] Forms(string word) => [word, word + "s", word + "es", word.EndsWith('y') ? word[..^1] + "ies" : word];

    private static string Pick(string[] parts, Random random) => parts[random.Next(parts.Length)];
}
