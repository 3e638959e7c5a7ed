using System.CommandLine;
using System.Globalization;
using Llama.Model;
using Llama.Model.Backends;
using Llama.Model.Kernels;
using Llama.Tests.Shared;

namespace Llama.Bench;

/// <summary>How many columns of a model's products ever meet an outlier, by kind of weight: of the demo model over all that it was taught, of another over random tokens.</summary>
internal static class OutlierBench
{
    private const int MaxTokens = 512, MaxSequences = 64;

    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "The demo model's folder, or any checkpoint.", DefaultValueFactory = _ => "models/llama-2-wordnet-8m" };
        Option<float> threshold = new("--threshold") { Description = "As Model:OutlierThreshold.", DefaultValueFactory = _ => 6 };
        Option<int> every = new("--every") { Description = "Ask only each n-th question; of random tokens, 512 by n.", DefaultValueFactory = _ => 1 };
        Command command = new("outliers", "Columns of a model's products that meet an outlier.") { model, threshold, every };
        command.SetAction(parsed => Run(parsed.GetValue(model)!, parsed.GetValue(threshold), parsed.GetValue(every)));
        return command;
    }

    private static IEnumerable<KnownAnswer> Texts(string model, int every, int vocabSize)
    {
        if (File.Exists(Path.Combine(model, "words.tsv"))) return QualityBench.Parts(model, every).SelectMany(part => part.Answers);
        Random random = new(1);
        return Enumerable.Range(0, 512 / every).Select(_ => new KnownAnswer([.. Enumerable.Range(0, 128).Select(_ => random.Next(vocabSize))], [0]));
    }

    private static void Run(string model, float threshold, int every)
    {
        CountedBackend? backend = null;
        ModelOptions options = new() { Path = model, Device = "cpu", Dtype = "bfloat16", MaxBatchTokens = MaxTokens, MaxSequences = MaxSequences };
        BackendChoice choice = BackendChoice.Of(options) with { Create = (dtype, deterministic) => backend = new CountedBackend(HostBackend.Fused(dtype, deterministic), threshold) };
        using ModelRunner runner = ModelRunner.Load(options, choice);
        AnswerScorer.Run(runner, Texts(model, every, runner.Limits.VocabSize), MaxTokens, MaxSequences);
        CountedKernels counts = backend!.Kernels!;
        Line("q, k, v", layer => layer.Attention.Query);
        Line("o", layer => layer.Attention.Output);
        Line("gate, up", layer => layer.Mlp.Gate);
        Line("down", layer => layer.Mlp.Down);
        Weight head = counts.Weights!.Head!;
        Console.WriteLine($"{"head",-10} {counts.ColumnCount(head)} of {head.Inputs} columns");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counts.Elements.Outliers:N0} of {counts.Elements.All:N0} elements from {threshold} on"));

        void Line(string kind, Func<LayerWeights, Weight> weight) =>
            Console.WriteLine($"{kind,-10} {string.Join(", ", counts.Weights!.Layers.Select(layer => counts.ColumnCount(weight(layer))))} of {weight(counts.Weights.Layers[0]).Inputs} columns, by layer");
    }
}
