using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Llama.Model;
using Llama.Tests.Shared;
using Llama.Trainer.Dialogs;
using Llama.Trainer.Tokens;
using Llama.Trainer.Training;

namespace Llama.Bench;

/// <summary>What a form of the weights costs in answers: the demo model asked all that it was taught, and what it was taught not to know, through the real model room.</summary>
internal static class QualityBench
{
    private const int MaxTokens = 512, MaxSequences = 64;
    private static readonly string[] Forms = ["float32", "bfloat16", "int8", "int8-g128", "int8-g32", "int8-outliers", "int4-g32", "int4-g64", "int4-g128", "int4-g32-zp", "int4-g64-zp", "int4-g128-zp", "bfloat16/int8", "int8/int8", "int4/int8"];

    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "The demo model's folder, with words.tsv and held-out.txt.", DefaultValueFactory = _ => "models/llama-2-wordnet-8m" };
        Option<string[]> forms = new("--dtype") { Description = "As Model:Dtype, or Model:Dtype/Model:KvDtype; can be given several times.", DefaultValueFactory = _ => Forms };
        Option<int> every = new("--every") { Description = "Ask only each n-th question.", DefaultValueFactory = _ => 1 };
        Option<float> planted = new("--planted") { Description = "Plant outliers first: so many times as large, a power of two (default: none).", DefaultValueFactory = _ => 1 };
        Option<int> channels = new("--channels") { Description = "Channels to plant.", DefaultValueFactory = _ => 6 };
        Command command = new("quality", "Exact answers and perplexity of the demo model by Model:Dtype.") { model, forms, every, planted, channels };
        command.SetAction(parsed =>
        {
            (string folder, float factor) = (parsed.GetValue(model)!, parsed.GetValue(planted));
            if (factor == 1) Run(folder, parsed.GetValue(forms)!, parsed.GetValue(every));
            else Planted(folder, factor, parsed.GetValue(channels), copy => Run(copy, parsed.GetValue(forms)!, parsed.GetValue(every)));
        });
        return command;
    }

    /// <summary>All questions with their answers, by part of the examination.</summary>
    /// <param name="model">The demo model's folder.</param>
    /// <param name="every">Only each n-th.</param>
    public static (string Name, KnownAnswer[] Answers)[] Parts(string model, int every)
    {
        Tokenizer tokenizer = new(Path.Combine(model, "tokenizer.model"));
        return [.. Examination.OfModel(model).Parts().Select(part => (part.Name, Answers(part, tokenizer, every)))];
    }

    private static void Planted(string model, float factor, int channels, Action<string> run)
    {
        string copy = Directory.CreateTempSubdirectory("llama-planted").FullName;
        try
        {
            PlantedOutliers.Write(model, copy, LlamaConfig.Load(model).LayerCount, channels, factor);
            run(copy);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static void Run(string model, string[] forms, int every)
    {
        (string Name, KnownAnswer[] Answers)[] parts = Parts(model, every);
        Console.WriteLine($"| Model:Dtype |{string.Concat(parts.Select(part => $" {part.Name} |"))} perplexity | MB a step | s |");
        Console.WriteLine($"|---|{string.Concat(parts.Select(_ => "---:|"))}---:|---:|---:|");
        foreach (string form in forms) Line(model, form, parts);
    }

    private static void Line(string model, string form, (string Name, KnownAnswer[] Answers)[] parts)
    {
        long start = Stopwatch.GetTimestamp();
        string[] dtypes = form.Split('/');
        using ModelRunner runner = ModelRunner.Load(new ModelOptions
        {
            Path = model,
            Device = "cpu",
            Dtype = dtypes[0],
            KvDtype = dtypes.ElementAtOrDefault(1) ?? "auto",
            MaxBatchTokens = MaxTokens,
            MaxSequences = MaxSequences,
        });
        AnswerScore[] scores = [.. parts.Select(part => AnswerScorer.Run(runner, part.Answers, MaxTokens, MaxSequences))];
        double perplexity = Math.Exp(scores.Sum(score => score.LogLoss) / scores.Sum(score => score.TokenCount)), seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {form} |{string.Concat(scores.Select(score => $" {score.Accuracy * 100:F2} |"))} {perplexity:F4} | {runner.Description.StepBytes / 1e6:F1} | {seconds:F1} |"));
    }

    private static KnownAnswer[] Answers(ExaminationPart part, Tokenizer tokenizer, int every) =>
        [.. part.Dialogs.Where((_, i) => i % every == 0).Select(dialog => Example.From(dialog, tokenizer)).Select(example => new KnownAnswer(example.Tokens, example.LastAnswer))];
}
