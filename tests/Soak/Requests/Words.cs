namespace Llama.Soak.Requests;

/// <summary>Prompts of mixed length: questions that share prefixes, and now and then a long text.</summary>
internal static class Words
{
    private static readonly string[] Nouns =
        ["giraffe", "zebra", "harbour", "violin", "glacier", "lantern", "parliament", "sparrow", "café", "ножницы", "猫", "🦒", "cathedral", "engine", "pepper", "river"];

    public static string Question(Random random) => random.Next(8) == 0
        ? $"{Text(random, random.Next(20, 90))} What is a {Noun(random)}?"
        : $"What is a {Noun(random)}, and what is a {Noun(random)}?";

    public static string Noun(Random random) => Nouns[random.Next(Nouns.Length)];

    public static string Text(Random random, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Noun(random)));

    /// <summary>A conversation of one to four turns, every other one with a system prompt that many share.</summary>
    public static object[] Conversation(Random random)
    {
        List<object> messages = random.Next(2) == 0 ? [new { role = "system", content = "You are a dictionary. Answer in one sentence." }] : [];
        for (int turn = random.Next(4); turn > 0; turn--)
        {
            messages.Add(new { role = "user", content = $"What is a {Noun(random)}?" });
            messages.Add(new { role = "assistant", content = $"A kind of {Noun(random)}." });
        }
        messages.Add(new { role = "user", content = Question(random) });
        return [.. messages];
    }
}
