using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Text;

namespace Llama.Server.CommandLine;

/// <summary><c>random-checkpoint</c>: a model of any shape to measure with, where the real one is not at hand.</summary>
internal static class RandomCheckpointVerb
{
    private static readonly Dictionary<string, LlamaConfig> Shapes = new()
    {
        ["1.1b"] = new() { HiddenSize = 2048, IntermediateSize = 5632, LayerCount = 22, HeadCount = 32, KvHeadCount = 4, HeadDim = 64, VocabSize = 32000, ContextLength = 2048, RmsNormEpsilon = 1e-5 },
        ["7b"] = new() { HiddenSize = 4096, IntermediateSize = 11008, LayerCount = 32, HeadCount = 32, KvHeadCount = 32, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
        ["13b"] = new() { HiddenSize = 5120, IntermediateSize = 13824, LayerCount = 40, HeadCount = 40, KvHeadCount = 40, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
        ["70b"] = new() { HiddenSize = 8192, IntermediateSize = 28672, LayerCount = 80, HeadCount = 64, KvHeadCount = 8, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
    };

    public static Command Command()
    {
        Option<string> shape = new("--shape") { Description = $"{string.Join(", ", Shapes.Keys)} (TinyLlama and the Llama 2 of that size), or the path of a config.json.", DefaultValueFactory = _ => "1.1b" };
        Option<string> output = new("--out") { Description = "Folder to write; Model:Path then serves it.", Required = true };
        Option<string> dtype = new("--dtype") { Description = "Type of the weights.", DefaultValueFactory = _ => nameof(TensorDtype.BF16) };
        dtype.TakesOneOf(nameof(TensorDtype.BF16), nameof(TensorDtype.F16), nameof(TensorDtype.F32));
        Option<ulong> seed = new("--seed") { Description = "Chooses the weights.", DefaultValueFactory = _ => 1 };
        Option<string> tokenizer = new("--tokenizer") { Description = "A checkpoint folder whose tokenizer to take (default: the bundled model's), filled up to the shape's vocabulary.", DefaultValueFactory = _ => "" };
        Command command = new("random-checkpoint", "Writes a checkpoint of any shape with random weights, to measure with.") { shape, output, dtype, seed, tokenizer };
        command.SetAction(parsed =>
        {
            string folder = SourceFolder.FullOutput(parsed.GetValue(output)!), text = SourceFolder.Find(parsed.GetValue(tokenizer)!);
            LlamaConfig config = Find(parsed.GetValue(shape)!);
            TensorDtype type = Enum.Parse<TensorDtype>(parsed.GetValue(dtype)!);
            FreeSpace.Require(folder, RandomCheckpoint.ByteCount(config, type));
            long start = Stopwatch.GetTimestamp();
            RandomCheckpoint.Write(folder, config, type, parsed.GetValue(seed));
            CopyTokenizer(text, folder, config.VocabSize);
            parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{folder}: {config.ParameterCount / 1e6:N1} M parameters, {type}, in {Stopwatch.GetElapsedTime(start).TotalSeconds:N1} s"));
        });
        return command;
    }

    private static LlamaConfig Find(string shape)
    {
        if (Shapes.TryGetValue(shape, out LlamaConfig? known)) return known;
        return File.Exists(shape) ? LlamaConfig.Parse(File.ReadAllText(shape)) : throw new VerbException($"--shape is '{shape}'; use {string.Join(", ", Shapes.Keys)}, or the path of a config.json.");
    }

    private static void CopyTokenizer(string from, string to, int vocabSize)
    {
        foreach (string file in Directory.GetFiles(from, "*token*")) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        string model = Path.Combine(to, "tokenizer.model");
        if (File.Exists(model)) FillerPieces.Append(model, Tokenizer.Load(to).VocabSize, vocabSize);
    }
}
