using Llama.Trainer.Corpus;
using Llama.Trainer.Dialogs;
using Llama.Trainer.Plain;
using Llama.Trainer.Tokens;
using Llama.Trainer.Training;
using static TorchSharp.torch;

namespace Llama.Trainer.Verbs;

/// <summary>Corpus and tokenizer to <c>checkpoint.safetensors</c>.</summary>
internal static class TrainVerb
{
    private const int DefaultSteps = 1466;

    public static void Run(Options options)
    {
        manual_seed(options.Seed);
        List<WordEntry> words = WordList.Load(options.InWork("words.tsv"));
        StrangeWords strange = new(words, WordNet.Load(options.WordNetFolder));
        Lesson lesson = new(words, strange, new Tokenizer(options.InWork("tokenizer.model")), options.Seed);
        TrainingPlan plan = new(options.Minutes is null ? options.Steps ?? DefaultSteps : null, options.Minutes);
        new Training.Trainer(Start(options), lesson, plan, options.Work).Run();
    }

    private static PlainLlama Start(Options options)
    {
        PlainConfig config = PlainConfig.Load(Path.Combine(AppContext.BaseDirectory, "DemoModel", "config.json"));
        if (options.From is null) return new PlainLlama(config, InitialWeights.Of(config));
        Dictionary<string, Tensor> weights = SafetensorsFile.Load(options.From);
        return new PlainLlama(config, WeightShapes.Of(config).ToDictionary(pair => pair.Key, pair => weights[pair.Key].requires_grad_(true)));
    }
}
