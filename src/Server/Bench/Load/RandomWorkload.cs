namespace Llama.Server.Bench.Load;

/// <summary>Prompts of random words, so that no two share more than they are meant to.</summary>
/// <param name="plan">Lengths, shared prefixes and the seed.</param>
/// <param name="scale">How many words make a prompt of so many tokens.</param>
internal sealed class RandomWorkload(ServePlan plan, PromptScale scale) : IWorkload
{
    private readonly string[] _prefixes = // of each group
        [.. Enumerable.Range(0, plan.PrefixTokens == 0 ? 0 : plan.PrefixGroups).Select(group => Text(new Random(plan.Seed + group), scale.WordsFor(plan.PrefixTokens)))];

    public LoadRequest[] Draw(int count, int round)
    {
        Random random = new((plan.Seed * 1_000_003) ^ round);
        return [.. Enumerable.Range(0, count).Select(i => Draw(random, i))];
    }

    /// <summary>So many words.</summary>
    public static string Text(Random random, int wordCount) => string.Join(' ', random.GetItems(Words, wordCount));

    private LoadRequest Draw(Random random, int index)
    {
        string own = Text(random, scale.WordsFor(plan.PromptTokens.Draw(random) - scale.Overhead));
        string prompt = _prefixes.Length == 0 ? own : $"{_prefixes[index % _prefixes.Length]} {own}";
        return new LoadRequest(prompt, plan.NewTokens.Draw(random));
    }

    private static readonly string[] Words =
    [
        "time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school", "state", "family", "student", "group", "country", "problem",
        "hand", "part", "place", "case", "week", "company", "system", "program", "question", "work", "government", "number", "night", "point", "home", "water", "room",
        "mother", "area", "money", "story", "fact", "month", "lot", "right", "study", "book", "eye", "job", "word", "business", "issue", "side", "kind", "head", "house",
        "service", "friend", "father", "power", "hour", "game", "line", "end", "member", "law", "car", "city", "name", "team", "minute", "idea", "body", "back", "face",
        "level", "office", "door", "health", "person", "art", "war", "history", "party", "result", "change", "morning", "reason", "research", "girl", "moment", "air",
        "teacher", "force", "education", "foot", "boy", "age", "policy", "music", "market", "sense", "nation", "plan", "college", "interest", "death", "experience",
        "effect", "use", "class", "control", "field", "development", "role", "effort", "rate", "heart", "drug", "show", "leader", "light", "voice", "wife", "police", "mind",
    ];
}
