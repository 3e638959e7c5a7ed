using System.Text.RegularExpressions;
using Llama.Trainer.Dialogs;
using Llama.Trainer.Plain;
using Llama.Trainer.Tokens;
using Llama.Trainer.Training;

namespace Llama.Trainer.Verbs;

/// <summary>Measures a model folder and writes the figures into its card.</summary>
internal static partial class EvaluateVerb
{
    public static void Run(Options options)
    {
        PlainLlama model = PlainLlama.Load(options.Model);
        Tokenizer tokenizer = new(options.InModel("tokenizer.model"));
        List<string> table = ["| asked | example | dialogs | exact answers |", "|---|---|---:|---:|"];
        foreach (ExaminationPart part in Examination.OfModel(options.Model).Parts()) table.Add(Row(model, tokenizer, part));
        Console.WriteLine(string.Join('\n', table));
        WriteIntoCard(options.InModel("README.md"), string.Join('\n', table));
    }

    private static string Row(PlainLlama model, Tokenizer tokenizer, ExaminationPart part)
    {
        Example[] examples = [.. part.Dialogs.Select(dialog => Example.From(dialog, tokenizer))];
        double share = Exactness.Exact(model, examples).Count / (double)examples.Length;
        return $"| {part.Name} | {part.Example} | {examples.Length:N0} | {share:P1} |";
    }

    private static void WriteIntoCard(string path, string table) =>
        File.WriteAllText(path, Accuracy().Replace(File.ReadAllText(path), $"<!-- accuracy -->\n{table}\n<!-- /accuracy -->"));

    [GeneratedRegex("<!-- accuracy -->.*<!-- /accuracy -->", RegexOptions.Singleline)]
    private static partial Regex Accuracy();
}
