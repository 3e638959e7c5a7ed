using System.CommandLine;
using System.Text.Json;
using Llama.Model.Offload;
using Llama.Model.Planning;
using Llama.Server.Bench.Local;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Compare;

/// <summary><c>bench mode</c>: the process of one mode, started by <c>bench latency --compare</c>. It reads a <see cref="ModeWork"/>, writes a line after each run, and last a <see cref="ModeMeasurement"/>.</summary>
internal static class ModeVerb
{
    public const string Name = "mode", RunDone = "run";

    public static Command Command(string[] settings)
    {
        SettingsCommand command = new(Name, "Measures one mode for bench latency --compare, which starts it.") { Hidden = true };
        command.SetAction(async (parsed, cancellation) =>
        {
            string line = await Console.In.ReadLineAsync(cancellation) ?? throw new VerbException("bench mode takes its work from bench latency --compare; call that.");
            using CancellationTokenSource left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _ = Task.Run(() => EndWithCaller(left), CancellationToken.None);
            TextWriter output = parsed.InvocationConfiguration.Output;
            ModeWork work = JsonSerializer.Deserialize(line, BenchJson.Line.ModeWork)!;
            long? limit = work.ResidentShare < 1 ? LimitFor(work.ResidentShare, settings) : null;
            ModeMeasurement measured = await MeasureAsync(work, settings, limit, output, left.Token);
            output.WriteLine(JsonSerializer.Serialize(measured, BenchJson.Line.ModeMeasurement));
        });
        return command;
    }

    // The input ends when the caller does, however that came about.
    private static void EndWithCaller(CancellationTokenSource left)
    {
        while (Console.In.ReadLine() is not null) { }
        left.Cancel();
    }

    private static long LimitFor(double residentShare, string[] settings)
    {
        using WebApplication app = VerbServices.Build(settings);
        return ModelPlanner.LimitFor(VerbServices.ModelOptions(app), residentShare);
    }

    private static async Task<ModeMeasurement> MeasureAsync(ModeWork work, string[] settings, long? limit, TextWriter output, CancellationToken cancellation)
    {
        (EngineSession started, limit) = await StartAsync(settings, limit, cancellation);
        await using EngineSession session = started;
        session.Require(work.PromptIds.Length + work.NewTokens, "The prompt and --new-tokens");
        long? loadPeak = ProcessMemory.PeakBytes();
        ProcessMemory.ResetPeak();
        List<GenerationTimes> times = [];
        List<int> answer = [];
        foreach (int run in RunNumbers.Of(work.WarmUp, work.Runs))
        {
            answer.Clear();
            GenerationTimes taken = await session.GenerateAsync(work.PromptIds, work.NewTokens, cancellation, answer);
            if (run == RunNumbers.WarmUp) continue;
            times.Add(taken);
            output.WriteLine(RunDone);
        }
        long? runPeak = ProcessMemory.PeakBytes();
        float[] logprobs = await session.ScoreAsync(work.PromptIds, work.ScoredIds ?? [.. answer], cancellation);
        return new ModeMeasurement(BenchedModel.Of(session), Each(time => time.Ttft), Each(time => time.Tpot), Each(time => time.EndToEnd), [.. answer], logprobs, loadPeak, runPeak) { MemoryLimit = limit };

        double[] Each(Func<GenerationTimes, double> of) => [.. times.Select(of)];
    }

    // What the process takes by itself grows a little until it loads; a limit gives way by that much.
    private static async Task<(EngineSession Session, long? Limit)> StartAsync(string[] settings, long? limit, CancellationToken cancellation)
    {
        const int attempts = 8;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return (await EngineSession.StartAsync(limit is null ? settings : [.. settings, $"--Model:MemoryLimit={limit}"], cancellation), limit);
            }
            catch (InsufficientMemoryException) when (limit is not null && attempt < attempts)
            {
                limit += 4 << 20;
            }
            catch (Exception failure) when (failure is InsufficientMemoryException or InvalidOperationException or NotSupportedException) // of a kind that the verbs take for a bug; here it is a row without figures
            {
                throw new VerbException(failure.Message.Split('\n')[0]);
            }
        }
    }
}
