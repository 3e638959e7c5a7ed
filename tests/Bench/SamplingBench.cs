using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Model.Threads;

namespace Llama.Bench;

/// <summary>What drawing the tokens of a large step takes, on one thread and on all.</summary>
internal static unsafe class SamplingBench
{
    private const int Rows = 256, VocabSize = 32_000, Runs = 15;

    private static readonly (string Name, SamplingParams Params)[] Ways =
    [
        ("greedy", SamplingParams.Greedy),
        ("temperature", new SamplingParams { Temperature = 0.8f }),
        ("top-k 40, top-p 0.95", new SamplingParams { Temperature = 0.8f, TopK = 40, TopP = 0.95f }),
        ("top-p 0.95", new SamplingParams { Temperature = 0.8f, TopP = 0.95f }),
        ("greedy, 20 log-probabilities", new SamplingParams { Temperature = 0, TopLogprobs = 20 }),
    ];

    public static Command Command()
    {
        Option<int> threads = new("--threads") { Description = "Beside one.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Command command = new("sampling", $"Drawing {Rows} tokens from a vocabulary of {VocabSize:N0}: ms on one thread and on several.") { threads };
        command.SetAction(parsed => Run(parsed.GetValue(threads)));
        return command;
    }

    private static void Run(int threads)
    {
        float[] logits = new float[Rows * VocabSize];
        var random = new Random(1);
        for (int i = 0; i < logits.Length; i++) logits[i] = 2 * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(MathF.Tau * random.NextSingle()); // normal, as Box and Muller have it
        Console.WriteLine($"{Rows} rows of {VocabSize:N0}, best of {Runs}\n{"",-32}{"1 thread, ms",14}{$"{threads} threads, ms",16}");
        foreach ((string name, SamplingParams parameters) in Ways) Console.WriteLine($"{name,-32}{Best(1, parameters, logits),14:N2}{Best(threads, parameters, logits),16:N2}");
    }

    private static double Best(int threads, SamplingParams parameters, float[] logits)
    {
        using var team = new ThreadTeam(threads);
        ParallelFor.Use(team);
        var sampler = new StepSampler(VocabSize);
        var batch = new ForwardBatch(Rows, Rows, 1) { SampleCount = Rows };
        SampledToken[] sampled = new SampledToken[Rows];
        double best = double.MaxValue;
        fixed (float* values = logits)
        {
            for (int run = 0; run < Runs; run++)
            {
                for (int i = 0; i < Rows; i++) batch.Samples[i] = new SampleRow(i, Position: (run * Rows) + i, 0, 0, 0, parameters);
                long start = Stopwatch.GetTimestamp();
                sampler.Sample(batch, values, sampled);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        ParallelFor.Use(null);
        return best;
    }
}
