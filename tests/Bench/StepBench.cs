using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Simd;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>Where a step's time goes: a prompt, or decode rows behind contexts, through the whole model, kernel by kernel.</summary>
internal static class StepBench
{
    /// <summary>Tokens of a block of the cache.</summary>
    public const int BlockSize = 16;

    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "A checkpoint, e.g. of random-checkpoint.", Required = true };
        Option<string> dtype = new("--dtype") { Description = "Form of the weights, as Model:Dtype.", DefaultValueFactory = _ => "auto" };
        Option<int> tokens = new("--tokens") { Description = "Tokens of each sequence.", DefaultValueFactory = _ => 512 };
        Option<int> context = new("--context") { Description = "Context of each sequence, those tokens counted.", DefaultValueFactory = _ => 512 };
        Option<int> sequences = new("--sequences") { Description = "Sequences.", DefaultValueFactory = _ => 1 };
        Option<int> rounds = new("--rounds") { Description = "Counted rounds; the medians are shown.", DefaultValueFactory = _ => 5 };
        Command command = new("step", "A step through the whole model: milliseconds by kernel.") { model, dtype, tokens, context, sequences, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(model)!, parsed.GetValue(dtype)!, Batch(parsed.GetValue(tokens), parsed.GetValue(context), parsed.GetValue(sequences)), parsed.GetValue(rounds)));
        return command;
    }

    private static void Run(string path, string dtype, ForwardBatch batch, int rounds)
    {
        Console.WriteLine($"libtorch in {TorchLibrary.Load()}");
        using IDisposable inference = inference_mode();
        LlamaWeights weights = new(WeightSource.Open(path, WeightFormat.Parse(dtype), HostMemory.Instance));
        LlamaConfig config = weights.Config;
        int blocks = batch.SequenceCount * batch.BlockTableStride;
        TimedKernels kernels = new(SimdKernels.Create(ScalarType.BFloat16, deterministic: false));
        kernels.Calibrate(weights);
        using LlamaModel llama = new(weights, kernels, HostMemory.Instance, new StepSize(batch.TokenCount, batch.SequenceCount, config.ContextLength, BlockSize), ScalarType.Float32);
        llama.UseCache(new KvCache(config, blocks, BlockSize, ScalarType.BFloat16, HostMemory.Instance));
        List<double> all = [];
        Dictionary<string, List<double>> byKernel = [];
        for (int round = -1; round < rounds; round++)
        {
            kernels.Clear();
            long start = Stopwatch.GetTimestamp();
            llama.Forward(batch);
            double whole = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (round < 0) continue;
            all.Add(whole);
            foreach ((string kernel, TimeSpan time) in kernels.Times)
            {
                if (!byKernel.TryGetValue(kernel, out List<double>? times)) byKernel[kernel] = times = [];
                times.Add(time.TotalMilliseconds);
            }
        }
        foreach ((string kernel, List<double> times) in byKernel) Console.WriteLine($"{kernel,-16}{Median(times),10:N2}");
        Console.WriteLine($"{"all",-16}{Median(all),10:N2}   ms, medians of {rounds}; {batch.TokenCount / Median(all) * 1e3:N1} tokens/s");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>A step of sequences that are all alike.</summary>
    /// <param name="tokens">Of each sequence in the step.</param>
    /// <param name="context">Of each sequence, those tokens counted.</param>
    /// <param name="sequences">How many.</param>
    public static ForwardBatch Batch(int tokens, int context, int sequences)
    {
        int blocks = (context + BlockSize - 1) / BlockSize;
        ForwardBatch batch = new(tokens * sequences, sequences, blocks) { TokenCount = tokens * sequences, SequenceCount = sequences, SampleCount = sequences };
        for (int i = 0; i < blocks * sequences; i++) batch.BlockTables[i] = i;
        for (int s = 0; s < sequences; s++)
        {
            batch.TokenStarts[s + 1] = (s + 1) * tokens;
            batch.ContextLengths[s] = context;
            batch.Samples[s] = new SampleRow { TokenRow = (s + 1) * tokens - 1 };
            for (int i = 0; i < tokens; i++)
            {
                int row = s * tokens + i, position = context - tokens + i;
                (batch.TokenIds[row], batch.Positions[row], batch.Slots[row]) = (row % 1000, position, s * blocks * BlockSize + position);
            }
        }
        return batch;
    }
}
