using System.Text;

namespace Llama.Trainer.Corpus;

/// <summary>What the corpus needs of a WordNet 3.0 database folder: senses, tag counts, glosses and collocations (formats: wndb(5WN), cntlist(5WN)).</summary>
internal sealed class WordNet
{
    private static readonly (string File, char Tag)[] Parts = [("noun", 'n'), ("verb", 'v'), ("adj", 'a'), ("adv", 'r')];

    private readonly Dictionary<string, int> _tagCounts;
    private readonly Dictionary<string, List<WordSense>> _senses = [];

    private WordNet(string folder)
    {
        _tagCounts = File.ReadLines(Path.Combine(folder, "cntlist.rev")).Select(line => line.Split(' '))
            .GroupBy(fields => WithoutHead(fields[0]), fields => int.Parse(fields[2])).ToDictionary(counts => counts.Key, counts => counts.Sum());
        foreach ((string file, char tag) in Parts) Read(folder, file, tag);
    }

    /// <summary>Senses of each single lower-case word, a noun's before a verb's, each in WordNet's order of frequency.</summary>
    public IReadOnlyDictionary<string, List<WordSense>> Senses => _senses;

    /// <summary>Every gloss with its examples: a text in which common words are common.</summary>
    public List<string> Glosses { get; } = [];

    /// <summary>Multi-word lemmas such as <c>acoustic_guitar</c>.</summary>
    public HashSet<string> Collocations { get; } = [];

    public static WordNet Load(string folder) => new(folder);

    private void Read(string folder, string file, char part)
    {
        // Offsets in index files are byte offsets into the data file.
        byte[] data = File.ReadAllBytes(Path.Combine(folder, "data." + file));
        foreach (string line in File.ReadLines(Path.Combine(folder, "index." + file)))
        {
            if (line[0] == ' ') continue;
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string lemma = fields[0];
            if (lemma.Contains('_')) Collocations.Add(lemma);
            if (!IsPlain(lemma)) continue;
            int senseCount = int.Parse(fields[2]);
            foreach (string offset in fields[^senseCount..]) AddSense(lemma, part, LineAt(data, int.Parse(offset)));
        }
        AddGlosses(Encoding.Latin1.GetString(data));
    }

    private void AddSense(string lemma, char part, string line)
    {
        int bar = line.IndexOf(" | ", StringComparison.Ordinal);
        string[] fields = line[..bar].Split(' ');
        int wordCount = Convert.ToInt32(fields[3], 16);
        int position = Enumerable.Range(0, wordCount).FirstOrDefault(i => WithoutMarker(fields[4 + 2 * i]) == lemma, -1);
        // A capital letter ("Crane") or an instance pointer marks a proper name: no dictionary word.
        if (position < 0 || fields.Contains("@i")) return;
        int lexicalId = Convert.ToInt32(fields[5 + 2 * position], 16);
        var sense = new WordSense(lemma, part, fields[1], line[(bar + 3)..].Trim(), TagCount(lemma, part, fields[1], lexicalId));
        if (!_senses.TryGetValue(lemma, out List<WordSense>? senses)) _senses[lemma] = senses = [];
        senses.Add(sense);
    }

    private int TagCount(string lemma, char part, string fileNumber, int lexicalId)
    {
        int type = part switch { 'n' => 1, 'v' => 2, 'a' => 3, _ => 4 };
        return _tagCounts.GetValueOrDefault($"{lemma}%{type}:{fileNumber}:{lexicalId:00}");
    }

    private void AddGlosses(string data)
    {
        foreach (string line in data.Split('\n'))
        {
            int bar = line.IndexOf(" | ", StringComparison.Ordinal);
            if (bar > 0 && line[0] != ' ') Glosses.Add(line[(bar + 3)..].Trim());
        }
    }

    // "word%5:00:00:head:00" (an adjective satellite) counts as "word%3:00:00".
    private static string WithoutHead(string senseKey) => string.Join(':', senseKey.Split(':')[..3]).Replace("%5:", "%3:");

    private static string LineAt(byte[] data, int offset) =>
        Encoding.Latin1.GetString(data, offset, Array.IndexOf(data, (byte)'\n', offset) - offset);

    private static string WithoutMarker(string word) => word.EndsWith(')') ? word[..word.IndexOf('(')] : word;

    private static bool IsPlain(string lemma) => lemma.Length > 1 && lemma.All(char.IsAsciiLetterLower);
}
