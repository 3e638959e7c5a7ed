using System.CommandLine;
using Llama.Server.Bench.Compare;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Local;

/// <summary><c>bench latency</c>: how fast one answer is, without HTTP; with <c>--compare</c>, in every mode.</summary>
internal static class LatencyVerb
{
    public static Command Command(string[] settings)
    {
        Option<int[]> prompt = BenchOptions.Counts("--prompt-tokens", "Length of the prompt, random tokens. Several are measured in turn, a column each.", 128);
        Option<int> fresh = BenchOptions.Count("--new-tokens", "Tokens to generate; ends are ignored.", 128, least: 2);
        fresh.Aliases.Add("--tokens");
        Option<int> batch = BenchOptions.Count("--batch", "Prompts submitted together.", 1);
        Option<int> prefix = BenchOptions.Count("--seen-prefix", "Also measure the first token after a prefix of so many tokens, unseen and seen.", 0, least: 0);
        Option<int> warmUp = BenchOptions.Count("--warm-up", RunNumbers.WarmUpHelp, 2, least: 0);
        Option<int> runs = BenchOptions.Count("--runs", "Runs that count.", 10);
        Option<int> seed = BenchOptions.Count("--seed", "Chooses the prompts.", 1, least: 0);
        CompareOptions comparison = new();
        SettingsCommand command = new("latency", "Measures how fast one answer is, in this process and without HTTP; or compares all modes.", Definitions) { prompt, fresh, batch, prefix, warmUp, runs, seed };
        comparison.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            LatencyPlan plan = new(
                parsed.GetValue(prompt)!, parsed.GetValue(fresh), parsed.GetValue(batch), parsed.GetValue(prefix), parsed.GetValue(warmUp), parsed.GetValue(runs), parsed.GetValue(seed), settings);
            if (comparison.IsAsked(parsed)) return await comparison.RunAsync(parsed, plan, cancellation);
            LatencyReport report = await LatencyBench.RunAsync(plan, new Progress(parsed.InvocationConfiguration.Error), cancellation);
            report.Write(parsed.InvocationConfiguration.Output);
            return report.IsWhole ? 0 : BenchExit.Interrupted;
        });
        return command;
    }

    private const string Definitions = """
        Each figure is told as mean ± standard deviation, P50 and P95 over the runs. A token's time is when the engine had drawn it:

          time to first token    from submission to the first token
          prefill                prompt tokens by time to first token
          time per output token  from the first token to the last, by the tokens after the first
          decode                 the batch by time per output token
          end to end             from submission to the last token
          streamed               under Model:MemoryLimit, bytes of weights that a step reads from where they stream, and the steps that a plain read of just these allows, with nothing else to do, after
                                 each run: from the same file (on a GPU from the host's memory) into the same memory, by the threads that read in steps, and where those are all that multiply also by one of them alone.
                                 Beside it the steps of decoding, the share that they are of those, and for how long each waited for weights. The rate that the start-up lines told follows
          weight bandwidth       bytes of weights that a step reads, by time per output token; beside it how fast this machine reads as much memory with as many threads, measured in the same minutes; not under
                                 a limit, which that memory would have to share

        With --compare there is a row for each mode, and for one that cannot run here the reason:

          first token, answer    as above, the answer being the whole of it, end to end
          tokens/s               decode, as above
          weights                memory of the weights that stay, by device; those that stream are not counted
          peak memory            most memory that the mode's process had resident, loading included; weights that are read where their file is mapped count. Of a GPU also what was taken there
          Δ log-prob.            the largest difference between the log-probabilities that the mode and the reference give the tokens of the reference's greedy answer; the reference is the first mode
                                 that runs, as a rule the plain kernels in float32
          same text              whether the mode's own greedy answer is the reference's, or for how many tokens
          counterpart            in --markdown and JSON: the system of the field that runs a model in this way

        The modes differ in Model:Kernels, Dtype, KvDtype, Deterministic, Device, TensorParallel and MemoryLimit; Model:Device says on which kind of device, all other settings hold for all of them.
        """;
}
