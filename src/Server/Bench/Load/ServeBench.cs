using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Load;

/// <summary>Runs a <see cref="ServePlan"/>. Servers and shapes take turns within each round, so that a slow minute of the machine hits all of them.</summary>
internal sealed class ServeBench
{
    private const int FewWords = 8, ManyWords = 40; // few enough for any context: servers that shorten a prompt would be misread

    private readonly ServePlan _plan;
    private readonly LoadClient[] _clients;
    private readonly IWorkload[] _workloads; // [clients]: each has prompts of as many tokens as its own server counts
    private readonly List<LoadRound>[,] _rounds; // [shapes, clients]

    private ServeBench(ServePlan plan, LoadClient[] clients, IWorkload[] workloads)
    {
        (_plan, _clients, _workloads) = (plan, clients, workloads);
        _rounds = new List<LoadRound>[plan.Shapes.Length, clients.Length];
        foreach ((int shape, int client) in Cells()) _rounds[shape, client] = [];
    }

    /// <exception cref="VerbException">A server is not there, or does not answer the simplest request.</exception>
    public static async Task<ServeReport> RunAsync(ServePlan plan, Progress progress, CancellationToken cancellation)
    {
        List<LoadClient> clients = [];
        List<IWorkload> workloads = [];
        try
        {
            foreach (Uri url in plan.CompareUrl is null ? [plan.Url] : new[] { plan.Url, plan.CompareUrl })
            {
                clients.Add(await LoadClient.ConnectAsync(plan, url, cancellation));
                workloads.Add(await WorkloadAsync(plan, clients[^1], cancellation));
            }
            ServeBench bench = new(plan, [.. clients], [.. workloads]);
            await bench.RunAsync(progress, cancellation);
            return bench.Report();
        }
        finally
        {
            foreach (LoadClient client in clients) client.Dispose();
        }
    }

    private static async Task<IWorkload> WorkloadAsync(ServePlan plan, LoadClient client, CancellationToken cancellation)
    {
        if (plan.Dataset is not null) return DatasetWorkload.Load(plan.Dataset, plan.NewTokens, plan.Seed);
        Random random = new(plan.Seed);
        RequestOutcome few = await AskAsync(FewWords), many = await AskAsync(ManyWords);
        return new RandomWorkload(plan, few.HasUsage && many.HasUsage ? PromptScale.Of(FewWords, few.PromptTokens, ManyWords, many.PromptTokens) : PromptScale.OneForOne);

        async Task<RequestOutcome> AskAsync(int words)
        {
            RequestOutcome outcome = await client.SendAsync(new LoadRequest(RandomWorkload.Text(random, words), MaxTokens: 1), cancellation);
            cancellation.ThrowIfCancellationRequested();
            return outcome.Kind == OutcomeKind.Completed ? outcome : throw new VerbException($"{client.Url} does not answer a request for one token: {outcome.Fault}: {outcome.Detail}");
        }
    }

    private async Task RunAsync(Progress progress, CancellationToken cancellation)
    {
        for (int round = -_plan.WarmUp; round < _plan.Rounds; round++)
            foreach ((int shape, int client) in Cells(isReversed: (round & 1) != 0))
            {
                if (cancellation.IsCancellationRequested) break;
                LoadRound made = await RoundAsync(_plan.Shapes[shape], _clients[client], _workloads[client], round, progress, cancellation);
                if (round >= 0 && made.Outcomes.Count > 0) _rounds[shape, client].Add(made);
            }
        progress.End();
    }

    private Task<LoadRound> RoundAsync(LoadShape shape, LoadClient client, IWorkload workload, int round, Progress progress, CancellationToken cancellation)
    {
        int count = _plan.RequestsOf(shape, workload);
        if (round < 0) count = Math.Min(count, shape.Concurrency ?? 1);
        progress.Begin($"{client.Url.Authority}, {shape}, {(round < 0 ? "warm-up" : $"round {round + 1} of {_plan.Rounds}")}", count);
        return LoadRound.RunAsync(workload.Draw(count, round), shape, _plan.Seed + round, SendAsync, TimeProvider.System, cancellation);

        async Task<RequestOutcome> SendAsync(LoadRequest request, CancellationToken token)
        {
            RequestOutcome outcome = await client.SendAsync(request, token);
            progress.Step();
            return outcome;
        }
    }

    /// <summary>Each shape with each server; the other server first in every other round, so that neither always follows the other.</summary>
    private IEnumerable<(int Shape, int Client)> Cells(bool isReversed = false) =>
        from shape in Enumerable.Range(0, _plan.Shapes.Length)
        from client in isReversed ? Enumerable.Range(0, _clients.Length).Reverse() : Enumerable.Range(0, _clients.Length)
        select (shape, client);

    private ServeReport Report() => new()
    {
        Settings = _plan,
        Results = [.. Cells().Select(cell => ServeResult.Of(_clients[cell.Client].Url, _clients[cell.Client].Model, _plan.Shapes[cell.Shape], _rounds[cell.Shape, cell.Client], _plan.Goodput))],
        Comparisons = _clients.Length < 2 ? [] : [.. _plan.Shapes.Select((shape, i) => ServerComparison.Of(shape, _rounds[i, 0], _rounds[i, 1])).OfType<ServerComparison>()],
    };
}
