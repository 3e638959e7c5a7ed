using System.CommandLine;
using System.Text.Json;
using Llama.Model;
using Llama.Scheduling;
using Llama.Scheduling.Tracing;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;
using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Bench.Replay;

/// <summary><c>bench replay</c>: a recorded load under other settings of the scheduler, without a model.</summary>
internal static class ReplayVerb
{
    private const double StepMs = 10, TokenMs = 0.1;

    public static Command Command(string[] settings)
    {
        Argument<string> file = new("file") { Description = "What a server recorded by Scheduler:TracePath." };
        Option<int[]> cache = BenchOptions.Counts("--cache-tokens", "Tokens that the KV cache holds, as the server's start says. Several are replayed in turn, a line each. Without it, those of Model:BlockCount.");
        Option<double?> step = BenchOptions.OptionalNumber("--step-ms", $"Milliseconds of a step, whatever it computes; {StepMs} without it.", "a number above 0", number => number > 0 && number < 1e6);
        Option<double?> token = BenchOptions.OptionalNumber("--token-ms", $"Milliseconds more for each of its tokens; {TokenMs} without it.", "a number of at least 0", number => number >= 0 && number < 1e6);
        SettingsCommand command = new("replay", "Says what the scheduler would make of a recorded load with other settings or another KV cache, in seconds and without a model.", Definitions) { file, cache, step, token };
        command.SetAction(parsed =>
        {
            using WebApplication services = VerbServices.Build(settings);
            ModelOptions model = VerbServices.ModelOptions(services);
            SchedulerOptions options = services.Services.GetRequiredService<IOptions<SchedulerSettings>>().Value.ToOptions();
            TraceEvent[] trace = Read(parsed.GetValue(file)!);
            StepCost cost = new(TimeSpan.FromMilliseconds(parsed.GetValue(step) ?? StepMs), TimeSpan.FromMilliseconds(parsed.GetValue(token) ?? TokenMs));
            ModelLimits[] all = [.. Limits(model, parsed.GetValue(cache)!)];
            ReplayReport report = new()
            {
                File = parsed.GetValue(file)!,
                Settings = settings,
                StepMs = cost.Fixed.TotalMilliseconds,
                TokenMs = cost.PerToken.TotalMilliseconds,
                StepTokens = options.MaxBatchTokens ?? all[0].BatchTokens,
                Results = [.. all.Select(limits => ReplayResult.Of(limits.PoolTokens, TraceReplayer.Replay(trace.Select(item => Within(limits, item)), limits, options, cost)))],
            };
            report.Write(parsed.InvocationConfiguration.Output);
        });
        return command;
    }

    private static IEnumerable<ModelLimits> Limits(ModelOptions model, int[] cacheTokens)
    {
        LlamaConfig config = LlamaConfig.Load(model.Path);
        int[] blocks = cacheTokens.Length > 0 ? Array.ConvertAll(cacheTokens, tokens => tokens / model.BlockSize)
            : model.BlockCount is { } count ? [count] : throw new VerbException("How large the KV cache is decides what a replay comes to: give --cache-tokens, such as the server's start says.");
        return blocks.Select(count => new ModelLimits(config.VocabSize, ModelRunner.ContextLengthOf(model, config), model.BlockSize, count));
    }

    // Most requests ask for no number of tokens, and get what the limits of the server leave them: others in the record than here.
    private static TraceEvent Within(ModelLimits limits, TraceEvent item) => item with { MaxTokens = Math.Max(item.OutputLength, Math.Min(item.MaxTokens, limits.LongestSequence - item.PromptLength)) };

    private static TraceEvent[] Read(string path)
    {
        try
        {
            return [.. TraceFile.Read(Lines(path))];
        }
        catch (JsonException fault)
        {
            throw new VerbException($"{path} is not what Scheduler:TracePath records: {fault.Message}");
        }
    }

    private static IEnumerable<string> Lines(string path)
    {
        try
        {
            return File.ReadLines(path);
        }
        catch (Exception fault) when (UnreadFile.Is(fault))
        {
            throw new VerbException($"'{path}' cannot be read: {UnreadFile.Why(path, fault)}; name what a server recorded by Scheduler:TracePath.");
        }
    }

    private const string Definitions = """
        The scheduler runs as it would serve: Scheduler:MaxBatchTokens, Scheduler:MaxSequences, Scheduler:PrefixCache and Model:ContextLength count. Requests come when they came, and answers are as long as they were; a
        step takes --step-ms and --token-ms by the clock of the replay. Model:BlockSize must be that of the record, 16 unless it was set. Without Scheduler:MaxBatchTokens a step computes 512 tokens at most, as on a CPU;
        a GPU's default is 2,048.
        'bench throughput --concurrency 1 --prompt-tokens 512' tells a machine's times: --token-ms is its mixed step (one of 512 tokens) less its decode step (one of 1) by 511, --step-ms the decode step less --token-ms.

        The table's columns:

          steps        that it took
          tokens/step  tokens computed in a step, on average, those computed again after a preemption included
          preemptions  how often a running request gave its blocks up for others, to be computed again
          prefix hits  share of the prompts' tokens that were found in the cache
          waiting      from a request's arrival until it was let in, on average
          duration     from the first arrival to the last end
        """;
}
