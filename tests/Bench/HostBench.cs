using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Sampling;
using Llama.Model.Tests.Cuda;
using Llama.Model.Torch;
using Llama.Scheduling;
using Llama.Tests.Shared;

namespace Llama.Bench;

/// <summary>What the engine's thread does for each decode step of a CUDA device, part by part. The device does nothing and takes a given time, so that no GPU is needed; what the driver does is not in it.</summary>
internal static class HostBench
{
    private const int MaxSequences = 256, BlockSize = 16;

    // Large where the host's arrays depend on it, else small.
    private static readonly LlamaConfig Config = SmallLlama.Config with { VocabSize = 32_000, ContextLength = 4096 };

    public static Command Command()
    {
        Option<int> sequences = new("--sequences") { Description = "Sequences that decode.", DefaultValueFactory = _ => MaxSequences };
        Option<int> prompt = new("--prompt-tokens") { Description = "Tokens of each prompt.", DefaultValueFactory = _ => 128 };
        Option<int> tokens = new("--new-tokens") { Description = "Tokens that each generates.", DefaultValueFactory = _ => 300 };
        Option<float> temperature = new("--temperature") { Description = "Of the draws; 0 is greedy.", DefaultValueFactory = _ => 1 };
        Option<double> device = new("--device-ms") { Description = "Milliseconds of a step on the device, for which the thread keeps its core, as with the driver.", DefaultValueFactory = _ => 3 };
        Option<int> others = new("--others-mb") { Description = "MB that others read in that time through the core's caches.", DefaultValueFactory = _ => 0 };
        Option<bool> readers = new("--readers") { Description = "Each generation has a reader that waits for its tokens.", DefaultValueFactory = _ => true };
        Command command = new("host", "The host's part of a CUDA device's decode steps: µs by part, without a GPU.") { sequences, prompt, tokens, temperature, device, others, readers };
        command.SetAction(parsed =>
        {
            Plan plan = new(parsed.GetValue(sequences), parsed.GetValue(prompt), parsed.GetValue(tokens), parsed.GetValue(temperature), parsed.GetValue(readers));
            return RunAsync(plan, Waiting(parsed.GetValue(device), new byte[parsed.GetValue(others) << 20]));
        });
        return command;
    }

    private static async Task RunAsync(Plan plan, Action wait)
    {
        string folder = Directory.CreateTempSubdirectory("llama-host-bench").FullName;
        try
        {
            RandomCheckpoint.Write(folder, Config, TensorDtype.BF16, seed: 1);
            HostMarks marks = new(plan.Sequences);
            await using (Engine engine = new(() => new MarkedRunner(Load(folder, marks, wait), marks), new SchedulerOptions { MaxSequences = MaxSequences }, TimeProvider.System))
            {
                await engine.Loaded;
                Task[] readers = [.. Enumerable.Range(0, plan.Sequences).Select(i => GenerateAsync(engine, plan.Request(i), plan.Reads))];
                await (plan.Reads ? Task.WhenAll(readers) : engine.DrainAsync(CancellationToken.None));
            }
            Console.WriteLine(plan);
            marks.Print();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ModelRunner Load(string folder, HostMarks marks, Action wait)
    {
        QuietDriver quiet = new();
        MarkedDriver driver = new(quiet, marks, wait);
        ModelOptions options = new() { Path = folder, MaxSequences = MaxSequences, MaxBatchTokens = 1 << 16, BlockSize = BlockSize, BlockCount = MaxSequences * Config.ContextLength / BlockSize };
        return ModelRunner.Load(options, new BackendChoice(new DeviceChoice(0, "quiet"), (dtype, deterministic) => new CudaBackend(driver, quiet, _ => null, dtype, deterministic), []));
    }

    private static Action Waiting(double milliseconds, byte[] others) => () =>
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < others.Length; i += 64) others[i]++;
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds) Thread.SpinWait(10);
    };

    private static async Task GenerateAsync(Engine engine, GenerationRequest request, bool reads)
    {
        if (!engine.TrySubmit(request, out Generation? generation, out Refusal? refusal)) throw new InvalidOperationException($"{refusal.Reason}");
        generation.GoesOnInChain = true; // as those of bench throughput
        if (!reads) return;
        await foreach (GenerationEvent _ in generation.Events.ReadAllAsync()) { }
    }

    private sealed record Plan(int Sequences, int PromptTokens, int NewTokens, float Temperature, bool Reads)
    {
        public GenerationRequest Request(int i) => new()
        {
            PromptTokenIds = [.. Enumerable.Range(0, PromptTokens).Select(t => ((i * 131) + (t * 7)) % Config.VocabSize)],
            MaxTokens = NewTokens,
            Sampling = new SamplingParams { Temperature = Temperature, Seed = (ulong)i },
        };

        public override string ToString() => $"{Sequences} sequences behind {PromptTokens:N0} to {PromptTokens + NewTokens:N0} tokens, temperature {Temperature}, {(Reads ? "each with a reader" : "nobody reads")}";
    }
}
