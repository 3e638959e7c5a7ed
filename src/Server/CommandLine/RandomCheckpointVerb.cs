using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Quantization;
using Llama.Model.Text;
using Llama.Server.Configuration;

namespace Llama.Server.CommandLine;

/// <summary><c>random-checkpoint</c>: a model of any shape to measure with, where the real one is not at hand.</summary>
internal static class RandomCheckpointVerb
{
    private static readonly Dictionary<string, LlamaConfig> Shapes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["1.1b"] = new() { HiddenSize = 2048, IntermediateSize = 5632, LayerCount = 22, HeadCount = 32, KvHeadCount = 4, HeadDim = 64, VocabSize = 32000, ContextLength = 2048, RmsNormEpsilon = 1e-5 },
        ["7b"] = new() { HiddenSize = 4096, IntermediateSize = 11008, LayerCount = 32, HeadCount = 32, KvHeadCount = 32, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
        ["13b"] = new() { HiddenSize = 5120, IntermediateSize = 13824, LayerCount = 40, HeadCount = 40, KvHeadCount = 40, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
        ["70b"] = new() { HiddenSize = 8192, IntermediateSize = 28672, LayerCount = 80, HeadCount = 64, KvHeadCount = 8, HeadDim = 128, VocabSize = 32000, ContextLength = 4096, RmsNormEpsilon = 1e-5 },
    };

    private static readonly string[] Floats = [nameof(TensorDtype.BF16), nameof(TensorDtype.F16), nameof(TensorDtype.F32)];

    public static Command Command()
    {
        Option<string> shape = new("--shape") { Description = $"{string.Join(", ", Shapes.Keys)} (TinyLlama and the Llama 2 of that size), or the path of a config.json.", DefaultValueFactory = _ => "1.1b" };
        Option<string> output = new("--out") { Description = "Folder to write; Model:Path then serves it.", Required = true };
        Option<string> dtype = new("--dtype") { Description = $"Type of the weights: {string.Join(", ", Floats)}; or in codes, as quantize would make them of BF16: {QuantizationType.Spellings}.", HelpName = "type", DefaultValueFactory = _ => nameof(TensorDtype.BF16) };
        Option<ulong> seed = new("--seed") { Description = "Chooses the weights.", HelpName = "count", DefaultValueFactory = _ => 1, CustomParser = ParseSeed };
        Option<string> tokenizer = new("--tokenizer") { Description = "A checkpoint folder whose tokenizer to take (default: the bundled model's), filled up to the shape's vocabulary.", DefaultValueFactory = _ => "" };
        Option<bool> empty = new("--empty") { Description = "Right headers and zeros for weights, which take no room on the disk: to plan with, not to serve." };
        Option<bool> force = new("--force") { Description = "Replace a checkpoint that is there." };
        Command command = new("random-checkpoint", "Writes a checkpoint of any shape with random weights, to measure with.") { shape, output, dtype, seed, tokenizer, empty, force };
        command.SetAction((parsed, cancellation) =>
        {
            string form = Spelling(parsed.GetValue(dtype)!);
            (LlamaConfig config, TensorDtype type) = Form(Find(parsed.GetValue(shape)!), form);
            string folder = OutputFolder.PathOf(parsed.GetValue(output)!), text = SourceFolder.Find("--tokenizer", parsed.GetValue(tokenizer)!);
            int tokenCount = Tokenizer.Load(text).VocabSize;
            if (tokenCount > config.VocabSize)
                throw new VerbException($"--shape is '{parsed.GetValue(shape)}', with a vocab_size of {config.VocabSize}, and the tokenizer in {text} has {tokenCount} tokens: name a --tokenizer with fewer, or give the shape a vocab_size of {tokenCount} or more.");
            if (SourceFolder.LiesWithin(text, folder)) throw new VerbException($"{folder} holds the checkpoint whose tokenizer is taken; name another --out.");
            OutputFolder.Check(folder, parsed.GetValue(force));
            var request = new Request(folder, config, type, form, text, tokenCount, parsed.GetValue(seed), parsed.GetValue(empty));
            return Task.Run(() => Write(request, parsed.InvocationConfiguration.Output, cancellation), cancellation); // a thread that Ctrl-C does not end in the middle
        });
        return command;
    }

    private static void Write(Request request, TextWriter output, CancellationToken cancellation)
    {
        (string folder, LlamaConfig config, TensorDtype type, string form, string tokenizer, int tokenCount, ulong seed, bool isEmpty) = request;
        if (!isEmpty) FreeSpace.Require(folder, RandomCheckpoint.ByteCount(config, type));
        long start = Stopwatch.GetTimestamp();
        OutputFolder.Write(folder, partial =>
        {
            if (isEmpty) RandomCheckpoint.WriteEmpty(partial, config, type);
            else RandomCheckpoint.Write(partial, config, type, seed, cancellation);
            CopyTokenizer(tokenizer, partial, tokenCount, config.VocabSize);
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{folder}: {config.ParameterCount / 1e6:N1} M parameters, {form}{(isEmpty ? ", all zero" : "")}, in {Stopwatch.GetElapsedTime(start).TotalSeconds:N1} s"));
    }

    private static string Spelling(string dtype) => Choices.Find(Floats, dtype) ?? dtype.ToLowerInvariant();

    private static (LlamaConfig Config, TensorDtype Dtype) Form(LlamaConfig shape, string dtype)
    {
        if (Floats.Contains(dtype)) return (shape with { Quantization = null }, Enum.Parse<TensorDtype>(dtype)); // --shape may be a quantised checkpoint's
        return QuantizationType.TryParse(dtype, out QuantizationType type)
            ? (shape with { Quantization = QuantizationPlan.Of(type) }, TensorDtype.BF16)
            : throw new VerbException($"--dtype is '{dtype}'; use one of {string.Join(", ", Floats)}, {QuantizationType.Spellings}.");
    }

    private static ulong ParseSeed(ArgumentResult result)
    {
        if (!ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)) result.AddError($"--seed is '{result.Tokens[0].Value}'; give a whole number of at least 0.");
        return seed;
    }

    private static LlamaConfig Find(string shape)
    {
        if (Shapes.TryGetValue(shape, out LlamaConfig? known)) return known;
        string file = HomePath.Of(shape);
        return File.Exists(file) ? LlamaConfig.Parse(File.ReadAllText(file), shape) : throw new VerbException($"--shape is '{shape}'; use {string.Join(", ", Shapes.Keys)}, or the path of a config.json.");
    }

    private static void CopyTokenizer(string from, string to, int tokenCount, int vocabSize)
    {
        foreach (string file in Directory.GetFiles(from, "*token*")) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        string model = Path.Combine(to, "tokenizer.model");
        if (File.Exists(model)) FillerPieces.Append(model, tokenCount, vocabSize);
    }

    /// <param name="Form">The type that was asked for.</param>
    /// <param name="Tokenizer">Folder of a checkpoint that has one.</param>
    /// <param name="TokenCount">Tokens of that.</param>
    private sealed record Request(string Folder, LlamaConfig Config, TensorDtype Type, string Form, string Tokenizer, int TokenCount, ulong Seed, bool IsEmpty);
}
