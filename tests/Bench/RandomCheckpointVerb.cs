using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Checkpoints;

namespace Llama.Bench;

/// <summary>Writes random checkpoints of known shapes to disk.</summary>
internal static class RandomCheckpointVerb
{
    private static readonly Dictionary<string, LlamaConfig> Shapes = new()
    {
        ["demo"] = new() { HiddenSize = 256, IntermediateSize = 688, LayerCount = 8, HeadCount = 8, KvHeadCount = 4, HeadDim = 32, VocabSize = 4096, ContextLength = 1024, RmsNormEpsilon = 1e-5 },
        ["1.1b"] = new() { HiddenSize = 2048, IntermediateSize = 5632, LayerCount = 22, HeadCount = 32, KvHeadCount = 4, HeadDim = 64, VocabSize = 32000, ContextLength = 2048, RmsNormEpsilon = 1e-5 },
        ["7b"] = new() { HiddenSize = 4096, IntermediateSize = 11008, LayerCount = 32, HeadCount = 32, KvHeadCount = 32, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
        ["13b"] = new() { HiddenSize = 5120, IntermediateSize = 13824, LayerCount = 40, HeadCount = 40, KvHeadCount = 40, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
    };

    public static Command Command()
    {
        Option<string> shape = new("--shape") { Description = $"One of {string.Join(", ", Shapes.Keys)}, or the path of a config.json.", DefaultValueFactory = _ => "1.1b" };
        Option<string> output = new("--out") { Description = "Folder to write.", Required = true };
        Option<TensorDtype> dtype = new("--dtype") { Description = "F32, F16 or BF16.", DefaultValueFactory = _ => TensorDtype.BF16 };
        Option<ulong> seed = new("--seed") { Description = "Chooses the weights.", DefaultValueFactory = _ => 1 };
        Option<string?> tokenizer = new("--tokenizer") { Description = "A checkpoint folder whose tokenizer to copy, so that the server can serve the result." };
        Command command = new("random-checkpoint", "Writes a checkpoint of any shape with random weights.") { shape, output, dtype, seed, tokenizer };
        command.SetAction(parsed => Write(parsed.GetValue(shape)!, parsed.GetValue(output)!, parsed.GetValue(dtype), parsed.GetValue(seed), parsed.GetValue(tokenizer)));
        return command;
    }

    private static void Write(string shape, string folder, TensorDtype dtype, ulong seed, string? tokenizer)
    {
        LlamaConfig config = Shapes.TryGetValue(shape, out LlamaConfig? known) ? known : LlamaConfig.Parse(File.ReadAllText(shape));
        long start = Stopwatch.GetTimestamp();
        RandomCheckpoint.Write(folder, config, dtype, seed);
        foreach (string file in tokenizer is null ? [] : Directory.GetFiles(tokenizer, "*token*"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        Console.WriteLine($"{folder}: {config.ParameterCount / 1e6:N1} M parameters, {dtype}, in {Stopwatch.GetElapsedTime(start).TotalSeconds:N1} s");
    }
}
