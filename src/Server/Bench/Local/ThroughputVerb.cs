using System.CommandLine;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Local;

/// <summary><c>bench throughput</c>: how much the engine gets done, without HTTP.</summary>
internal static class ThroughputVerb
{
    public static Command Command(string[] settings)
    {
        Option<int> sequences = BenchOptions.Count("--sequences", "Sequences in each run.", 32);
        Option<NumberRange> prompt = BenchOptions.Tokens("--prompt-tokens", "Length of their prompts, random tokens.", 128);
        Option<NumberRange> fresh = BenchOptions.Tokens("--new-tokens", "Tokens that each generates; ends are ignored.", 128);
        Option<int[]> concurrency = BenchOptions.Counts("--concurrency", "Sequences in the engine at once. Several are measured in turn, a line each. Without it all are submitted at once.");
        Option<int> warmUp = BenchOptions.Count("--warm-up", RunNumbers.WarmUpHelp, 1, least: 0);
        Option<int> runs = BenchOptions.Count("--runs", "Runs that count; the table shows medians.", 3);
        Option<int> seed = BenchOptions.Count("--seed", "Chooses lengths and prompts.", 1, least: 0);
        SettingsCommand command = new("throughput", "Measures how much the engine gets done with many sequences, in this process and without HTTP.", Definitions) { sequences, prompt, fresh, concurrency, warmUp, runs, seed };
        command.SetAction(async (parsed, cancellation) =>
        {
            ThroughputPlan plan = new(
                parsed.GetValue(sequences), parsed.GetValue(prompt)!, parsed.GetValue(fresh)!, parsed.GetValue(concurrency) is { Length: > 0 } several ? several : [parsed.GetValue(sequences)],
                parsed.GetValue(warmUp), parsed.GetValue(runs), parsed.GetValue(seed), settings);
            ThroughputReport report = await ThroughputBench.RunAsync(plan, new Progress(parsed.InvocationConfiguration.Error), cancellation);
            report.Write(parsed.InvocationConfiguration.Output);
            return report.IsWhole ? 0 : BenchExit.Interrupted;
        });
        return command;
    }

    private const string Definitions = """
        The table's columns:

          tokens/s      tokens computed and generated, prompts included, by the time from the first submission to the last token
          prompt/s      of them, tokens of prompts
          new/s         of them, generated tokens
          ratio         new/s by that of the first line
          decode step   time of a step in which each of the sequences at once draws one token and no prompt is read, the model alone; none where several devices share the sequences out to steps of their own
          mixed step    time of a step that also reads prompts; steps that decode fewer sequences, as the last ones, are in neither
          host          on a GPU, time of a decode step in which the engine's thread does anything but wait for the device, from the end of the step before
          tokens/step   tokens computed in a step, on average
        """;
}
