using Llama.Trainer.Corpus;
using Llama.Trainer.Dialogs;
using Llama.Trainer.Plain;

namespace Llama.Trainer.Verbs;

/// <summary>Checkpoint, tokenizer and word list to a model folder as Hugging Face lays it out.</summary>
internal static class ExportVerb
{
    public static void Run(Options options)
    {
        Directory.CreateDirectory(options.Model);
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "DemoModel"))) File.Copy(file, options.InModel(Path.GetFileName(file)), overwrite: true);
        foreach (string file in new[] { "tokenizer.model", "words.tsv" }) File.Copy(options.InWork(file), options.InModel(file), overwrite: true);
        SafetensorsFile.Save(options.InModel("model.safetensors"), SafetensorsFile.Load(options.InWork("checkpoint.safetensors")), asBFloat16: true);
        SaveHeldOut(options);
        Console.WriteLine($"{options.Model}: {new FileInfo(options.InModel("model.safetensors")).Length / 1e6:F1} MB of weights");
    }

    // So that honesty can be measured again, through any server, without WordNet.
    private static void SaveHeldOut(Options options)
    {
        StrangeWords strange = new(WordList.Load(options.InWork("words.tsv")), WordNet.Load(options.WordNetFolder));
        File.WriteAllLines(options.InModel("held-out.txt"), strange.HeldOut.Concat(strange.HeldOutInvented));
    }
}
