namespace Llama.Trainer.Verbs;

/// <summary>The options after a verb: <c>--name value</c>.</summary>
internal sealed class Options
{
    private static readonly string[] Known = ["work", "wordnet", "words", "steps", "minutes", "from", "model", "seed"];
    private readonly Dictionary<string, string> _values = [];

    public Options(string[] arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string name = arguments[i].TrimStart('-');
            if (!arguments[i].StartsWith("--") || !Known.Contains(name) || i + 1 == arguments.Length)
                throw new ArgumentException($"'{arguments[i]}' is not an option with a value. See --help.");
            _values[name] = arguments[i + 1];
        }
    }

    /// <summary>Where the corpus, the tokenizer and checkpoints are kept while training.</summary>
    public string Work => _values.GetValueOrDefault("work", "artifacts/trainer");

    public string WordNetFolder => _values.GetValueOrDefault("wordnet", "/usr/share/wordnet");

    public int WordCount => int.Parse(_values.GetValueOrDefault("words", "3000"));

    public int Seed => int.Parse(_values.GetValueOrDefault("seed", "1"));

    public int? Steps => _values.TryGetValue("steps", out string? steps) ? int.Parse(steps) : null;

    public double? Minutes => _values.TryGetValue("minutes", out string? minutes) ? double.Parse(minutes) : null;

    /// <summary>A checkpoint to go on from.</summary>
    public string? From => _values.GetValueOrDefault("from");

    /// <summary>The folder of the finished model.</summary>
    public string Model => _values.GetValueOrDefault("model", "models/llama-2-wordnet-8m");

    public string InWork(string file) => Path.Combine(Work, file);

    public string InModel(string file) => Path.Combine(Model, file);
}
