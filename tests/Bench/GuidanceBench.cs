using System.CommandLine;
using System.Diagnostics;
using Llama.Model.Guidance;
using Llama.Model.Guidance.RegularExpressions;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Bench;

/// <summary>What a grammar costs: to compile, for a state seen for the first time, and for one seen before.</summary>
internal static class GuidanceBench
{
    private const int Runs = 7;

    private static readonly (string Name, string Pattern)[] Patterns =
    [
        ("date", @"\d{4}-\d{2}-\d{2}"),
        ("sentence", "[A-Z][a-z ,]{20,400}\\."),
        ("JSON object", "\\{\"name\": \"(?:[^\"\\\\]|\\\\[\"\\\\nt])*\", \"age\": \\d{1,3}, \"tags\": \\[\"\\w+\"(?:, \"\\w+\"){0,9}\\]\\}"),
        ("JSON string, 0 to 1000", "\"(?:[^\"\\\\]|\\\\[\"\\\\nt]){0,1000}\""),
        ("anything", ".*"),
        ("words", @"(?:\w+\W+){5,500}"),
        ("ambiguous counts", "(?:.{0,100}a){100}"),
        ("counts in counts", @"(?:(?:.?a){1,20}|(?:a|ab|b){0,5})+a(?:[^x]{1,300}|.{1,300})[a-m](?:(?:(?:\w\W?){2,4}){1,10}){100,100}"),
    ];

    public static Command Command()
    {
        Option<string[]> pattern = new("--pattern") { Description = "A regular expression to measure instead of the usual ones; may be repeated." };
        Command command = new("guidance", "Grammars over a vocabulary of 32,000: compiling, masks and steps.") { pattern };
        command.SetAction(result => Run(result.GetValue(pattern) is { Length: > 0 } given ? given.Select(regex => (regex, (Expression)RegexGrammar.Parse(regex, RegexMatch.Whole))) : Usual()));
        return command;
    }

    private static IEnumerable<(string Name, Expression Expression)> Usual()
    {
        foreach ((string name, string regex) in Patterns) yield return (name, RegexGrammar.Parse(regex, RegexMatch.Whole));
        yield return ("pattern and length", new Intersection(RegexGrammar.Parse(@"^[\w.-]+@[a-z]+\.(?:com|org)$", RegexMatch.Search), RegexGrammar.Parse("[^\"]{5,1000}", RegexMatch.Whole)));
        yield return ("recursive", Tree());
        yield return ("choice of 10,000", Grammar.Choice([.. Enumerable.Range(0, 10_000).Select(i => $"answer {i * 7919 % 10_000} of {i}")]).Start);
    }

    private static Expression Tree()
    {
        var node = new Rule("node");
        node.Body = new Concatenation([RegexGrammar.Parse("\\{\"name\": \"[^\"]{0,40}\", \"children\": \\[", RegexMatch.Whole), new Repetition(new Reference(node), 0, 5), new Literal("]}")]);
        return new Reference(node);
    }

    private static void Run(IEnumerable<(string Name, Expression Expression)> grammars)
    {
        Tokenizer tokenizer = LargeVocabulary.Load();
        long start = Stopwatch.GetTimestamp();
        TokenGrammar.Create(Grammar.Regex(".*"), tokenizer, tokenizer.VocabSize);
        Console.WriteLine($"Vocabulary of {tokenizer.VocabSize:N0}, its tries made in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:N0} ms");
        Console.WriteLine($"{"",-24}{"compile ms",12}{"tokens",10}{"new µs, mean",14}{"new µs, max",14}{"warm µs, mean",15}");
        foreach ((string name, Expression expression) in grammars) Line(name, new Grammar(expression), tokenizer);
    }

    // Every figure is the best of several runs, step by step: the machine has other work.
    private static void Line(string name, Grammar source, Tokenizer tokenizer)
    {
        List<int> tokens = [];
        double compile = double.MaxValue;
        double[]? fresh = null, warm = null;
        for (int run = 0; run < Runs; run++)
        {
            long start = Stopwatch.GetTimestamp();
            TokenGrammar grammar = TokenGrammar.Create(source, tokenizer, tokenizer.VocabSize);
            compile = Math.Min(compile, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            fresh = Best(fresh, Walk(grammar.Start(atSequenceStart: true), tokens));
            warm = Best(warm, Walk(grammar.Start(atSequenceStart: true), tokens));
        }
        Console.WriteLine($"{name,-24}{compile,12:N1}{tokens.Count,10}{fresh!.Average(),14:N1}{fresh!.Max(),14:N1}{warm!.Average(),15:N2}");
    }

    private static double[] Best(double[]? earlier, double[] times) => earlier is null ? times : [.. earlier.Zip(times, Math.Min)];

    // Writes up to 300 tokens at random, or again those given; the time of each step in µs, the drawing not counted.
    private static double[] Walk(ITokenGuide guide, List<int> tokens)
    {
        var random = new Random(1);
        var times = new List<double>();
        bool isReplay = tokens.Count > 0;
        for (int i = 0; i < 300 && !guide.IsComplete && (!isReplay || i < tokens.Count); i++)
        {
            long start = Stopwatch.GetTimestamp();
            ReadOnlySpan<ulong> allowed = guide.Allowed;
            TimeSpan masked = Stopwatch.GetElapsedTime(start);
            if (!isReplay) tokens.Add(Draw(allowed, random));
            start = Stopwatch.GetTimestamp();
            guide.Accept(tokens[i]);
            times.Add((masked + Stopwatch.GetElapsedTime(start)).TotalMicroseconds);
        }
        return [.. times];
    }

    private static int Draw(ReadOnlySpan<ulong> allowed, Random random)
    {
        var tokens = new List<int>();
        for (int token = 0; token < 64 * allowed.Length; token++)
        {
            if ((allowed[token >> 6] >> token & 1) != 0) tokens.Add(token);
        }
        return tokens[random.Next(tokens.Count)];
    }
}
