using System.CommandLine;
using System.Diagnostics;
using Llama.Tests.Shared;

namespace Llama.Bench;

/// <summary>
/// What the way from the engine to the socket costs: the real server over a model that costs nothing, in a process of its own, and one thread here that reads all its streams. Figures are
/// taken in the middle of a round, when all streams run.
/// </summary>
internal static class WireBench
{
    private const int WarmUps = 2; // rounds
    private const string Prompt = "\"model\":\"costless\",\"temperature\":0,\"ignore_eos\":true,\"stream\":true,\"max_tokens\":";

    private static readonly Dictionary<string, (string Path, string Body)> Routes = new()
    {
        ["completions"] = ("/v1/completions", "{\"prompt\":\"Once\"," + Prompt),
        ["chat"] = ("/v1/chat/completions", "{\"messages\":[{\"role\":\"user\",\"content\":\"Once\"}]," + Prompt),
    };

    public static Command Command()
    {
        Option<int> streams = new("--streams") { Description = "Concurrent streams.", DefaultValueFactory = _ => 256 };
        Option<int> tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 2000 };
        Option<double[]> rates = new("--steps-per-second") { Description = "Paces of the model; 0 for as fast as the engine asks.", DefaultValueFactory = _ => [400, 0], AllowMultipleArgumentsPerToken = true };
        Option<int> rounds = new("--rounds") { Description = "Counted rounds of each route, after two to warm up; the medians are shown.", DefaultValueFactory = _ => 3 };
        Option<double?> serve = new("--serve") { Description = "Be the server of a run at this pace.", Hidden = true };
        Command command = new("wire", "Tokens per second through HTTP with a model that costs nothing, and what the server spends on each.") { streams, tokens, rates, rounds, serve };
        command.SetAction(async parsed =>
        {
            int contextLength = parsed.GetValue(tokens) + 64;
            if (parsed.GetValue(serve) is { } rate) await WireServer.RunAsync(contextLength, rate == 0 ? null : rate);
            else Run(parsed.GetValue(streams), parsed.GetValue(tokens), parsed.GetValue(rates)!, parsed.GetValue(rounds));
        });
        return command;
    }

    private static void Run(int streams, int tokens, double[] rates, int rounds)
    {
        Console.WriteLine($"{streams} streams of {tokens} tokens, medians of {rounds} rounds");
        Console.WriteLine($"{"steps/s",8}{"route",13}{"tokens/s",11}{"server µs",11}{"client µs",11}{"B alloc",9}{"a read",8}{"engine µs/step",16}   (µs of CPU, B and tokens a read: by token)");
        foreach (double rate in rates)
        {
            using WireServerProcess server = new(rate, tokens);
            foreach ((string route, (string path, string body)) in Routes)
            {
                WireRound[] all = new WireRound[rounds];
                for (int i = -WarmUps; i < rounds; i++)
                {
                    WireRound round = Round(server, path, body + tokens + "}", streams, tokens);
                    if (i >= 0) all[i] = round;
                }
                double Median(Func<WireRound, double> figure) => all.Select(figure).Order().ElementAt(rounds / 2);
                Console.WriteLine($"{rate,8}{route,13}{Median(r => r.TokensPerSecond),11:N0}{Median(r => r.ServerMicroseconds),11:N2}{Median(r => r.ClientMicroseconds),11:N2}"
                    + $"{Median(r => r.AllocatedBytes),9:N2}{Median(r => r.TokensPerRead),8:N2}{Median(r => r.EngineMicrosecondsPerStep),16:N1}");
            }
        }
    }

    /// <summary>All streams from their beginning to their end.</summary>
    private static WireRound Round(WireServerProcess server, string path, string body, int streams, int tokens)
    {
        using SseSockets sockets = new(server.Address, path, body, streams);
        Thread reader = new(sockets.ReadToEnd) { Name = "Streams" };
        reader.Start();
        long expected = (long)streams * tokens;
        WireMark from = MarkAt(expected / 5), to = MarkAt(expected * 4 / 5);
        reader.Join();
        if (sockets.EventCounts.Any(count => count < tokens)) throw new InvalidOperationException("A stream ended early.");
        return new WireRound(from, to);

        WireMark MarkAt(long events)
        {
            while (sockets.EventCount < events && reader.IsAlive) Thread.Sleep(1);
            return new WireMark(Stopwatch.GetTimestamp(), sockets.EventCount, sockets.ReadCount, Environment.CpuUsage.TotalTime, server.Spent());
        }
    }
}
