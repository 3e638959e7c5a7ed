namespace Llama.Trainer.Dialogs;

/// <summary>The ways a visitor asks for a word, with how often each is practised.</summary>
internal static class Phrasings
{
    // {0} is the word, {1} the word with its article, {2} the word with the other article.
    private static readonly (string Text, double Weight)[] Questions =
    [
        ("What is {1}?", 45), ("what is {1}?", 6), ("What is {1}", 5), ("what is {1}", 5), ("What is {0}?", 9), ("what is {0}?", 2), ("what is {0}", 1),
        ("What's {1}?", 5), ("what's {1}?", 1), ("whats {1}", 0.5), ("What's {0}?", 1), ("Define {0}.", 3), ("Define {0}", 2), ("define {0}", 2),
        ("Define the word {0}.", 1), ("Please define {0}.", 0.5), ("What does {0} mean?", 6), ("what does {0} mean?", 1), ("What does {0} mean", 1),
        ("What does the word {0} mean?", 1), ("What does \"{0}\" mean?", 0.5), ("Meaning of {0}?", 1), ("meaning of {0}", 0.5), ("What is the meaning of {0}?", 1.5),
        ("What is the definition of {0}?", 0.5), ("Tell me what {1} is.", 2), ("Tell me what {0} means.", 0.5), ("Can you tell me what {1} is?", 0.7),
        ("Do you know what {1} is?", 0.7), ("Explain {0}.", 0.5), ("Tell me about {0}.", 0.3), ("Hello, what is {1}?", 0.5), ("Hi! What is {1}?", 0.5), ("{0}?", 2), ("{0}", 2.5),
        ("What are {0}s?", 1.5), ("What is the {0}?", 0.5), ("What is {2}?", 1), ("What is \"{0}\"?", 0.5), ("What exactly is {1}?", 0.3), ("So what is {1}?", 0.3),
    ];

    private static readonly (string Text, double Weight)[] FollowUps =
    [
        ("And {1}?", 40), ("and {1}?", 6), ("And {1}", 2), ("and {1}", 2), ("And {0}?", 10), ("and {0}?", 4), ("What about {1}?", 12), ("what about {1}?", 3), ("What about {0}?", 5),
        ("How about {1}?", 6), ("How about {0}?", 4), ("And what about {1}?", 2), ("And what is {1}?", 5), ("And the {0}?", 1), ("and what is {1}", 1), ("Then what is {1}?", 1),
        ("Or {1}?", 1), ("And {2}?", 1), ("And what does {0} mean?", 2), ("Now {0}.", 0.5), ("OK, and {1}?", 1), ("Thanks. And {1}?", 1), ("And {0}s?", 0.5),
    ];

    public static string Question(string word, Random random) => Fill(Questions, word, random);

    public static string FollowUp(string word, Random random) => Fill(FollowUps, word, random);

    /// <summary>The phrasing that accuracy is measured with.</summary>
    public static string PlainQuestion(string word) => $"What is {WithArticle(word)}?";

    /// <inheritdoc cref="PlainQuestion"/>
    public static string PlainFollowUp(string word) => $"And {WithArticle(word)}?";

    private static string Fill((string Text, double Weight)[] phrasings, string word, Random random)
    {
        string written = random.NextDouble() < 0.03 ? char.ToUpperInvariant(word[0]) + word[1..] : word;
        string filled = string.Format(Pick(phrasings, random), written, $"{Article(word)} {written}", $"{(Article(word) == "a" ? "an" : "a")} {written}");
        return filled.StartsWith(written, StringComparison.Ordinal) && random.Next(2) == 0 ? char.ToUpperInvariant(filled[0]) + filled[1..] : filled;
    }

    private static string Pick((string Text, double Weight)[] phrasings, Random random)
    {
        double at = random.NextDouble() * phrasings.Sum(phrasing => phrasing.Weight);
        foreach ((string text, double weight) in phrasings) if ((at -= weight) < 0) return text;
        return phrasings[0].Text;
    }

    private static string WithArticle(string word) => $"{Article(word)} {word}";

    // By spelling; sounds that spelling hides are listed.
    private static string Article(string word)
    {
        if (new[] { "hour", "honest", "honor", "heir" }.Any(word.StartsWith)) return "an";
        if (new[] { "uni", "use", "usu", "uti", "ura", "eu", "one", "ewe" }.Any(word.StartsWith) && !word.StartsWith("unin") && !word.StartsWith("unim")) return "a";
        return "aeiou".Contains(word[0]) ? "an" : "a";
    }
}
