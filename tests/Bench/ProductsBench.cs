using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Simd;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>All matrix products of a model's step, and nothing else, by number of rows: what the kernels could reach if the rest cost nothing.</summary>
internal static class ProductsBench
{
    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "A checkpoint, e.g. of the server's random-checkpoint.", Required = true };
        Option<string> dtype = new("--dtype") { Description = "Form of the weights, as Model:Dtype.", DefaultValueFactory = _ => "auto" };
        Option<int[]> rows = new("--rows") { Description = "Numbers of rows.", DefaultValueFactory = _ => [1, 8, 16, 512], AllowMultipleArgumentsPerToken = true };
        Option<int> rounds = new("--rounds") { Description = "Counted rounds; the medians are shown.", DefaultValueFactory = _ => 5 };
        Option<bool> repack = new("--repack") { Description = "Pack weights, in bfloat16 or in codes, while they are loaded, as Model:Repack." };
        Command command = new("products", "All matrix products of a model's step: milliseconds, GMAC/s and weight GB/s by number of rows.") { model, dtype, rows, rounds, repack };
        command.SetAction(parsed => Run(parsed.GetValue(model)!, parsed.GetValue(dtype)!, parsed.GetValue(rows)!, parsed.GetValue(rounds), parsed.GetValue(repack)));
        return command;
    }

    private static void Run(string model, string dtype, int[] rowCounts, int rounds, bool repack)
    {
        Console.WriteLine($"libtorch in {TorchLibrary.Load()}, {SimdKernels.Create(ScalarType.BFloat16, deterministic: false).Describe()}");
        using IDisposable inference = inference_mode();
        IWeightSource source = WeightSource.Open(model, WeightFormat.Parse(dtype), HostMemory.Instance);
        using LlamaWeights weights = new(repack ? new PackedWeights(source) : source);
        LlamaConfig config = weights.Config;
        IKernels kernels = SimdKernels.Create(ScalarType.BFloat16, deterministic: false);
        double bytes = weights.StepByteCount, parameters = config.ParameterCount - (double)config.VocabSize * config.HiddenSize; // all but the embedding
        Console.WriteLine($"{"rows",6}{"ms",10}{"GMAC/s",10}{"GB/s",10}   medians of {rounds}");
        foreach (int rows in rowCounts)
        {
            using Activations activations = new(config, rows, ScalarType.Float32, HostMemory.Instance);
            using Matrix logits = HostMemory.Instance.Empty(rows, config.VocabSize, ScalarType.Float32);
            foreach (Matrix matrix in (Matrix[])[activations.Normed, activations.Attended, activations.Gate, activations.Residual]) matrix.Tensor.normal_();
            double[] times = new double[rounds];
            for (int round = -1; round < rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                Step(kernels, weights, activations, logits);
                if (round >= 0) times[round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
            Array.Sort(times);
            double median = times[rounds / 2];
            Console.WriteLine($"{rows,6}{1000 * median,10:N1}{rows * parameters / median / 1e9,10:N0}{bytes / median / 1e9,10:N1}");
        }
    }

    private static void Step(IKernels kernels, LlamaWeights weights, Activations a, Matrix logits)
    {
        foreach (LayerWeights layer in weights.Layers)
        {
            kernels.Linear(a.Normed, [new(layer.Attention.Query, a.Queries), new(layer.Attention.Key, a.Keys), new(layer.Attention.Value, a.Values)]);
            kernels.LinearAdd(a.Attended, layer.Attention.Output, a.Residual);
            kernels.Linear(a.Normed, [new(layer.Mlp.Gate, a.Gate), new(layer.Mlp.Up, a.Up)]);
            kernels.LinearAdd(a.Gate, layer.Mlp.Down, a.Residual);
        }
        kernels.Linear(a.Normed, [new(weights.Head!, logits)]);
    }
}
