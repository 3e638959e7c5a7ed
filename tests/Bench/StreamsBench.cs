using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Llama.Bench;

/// <summary>Closed-loop streams against any OpenAI-compatible server: tokens per second in all, by number of streams, in one run.</summary>
internal static class StreamsBench
{
    private sealed record Result(int Streams, int Tokens, double Seconds, double FirstTokenSeconds)
    {
        public double TokensPerSecond => Tokens / Seconds;
    }

    public static Command Command()
    {
        Option<string> url = new("--url") { Description = "The server.", DefaultValueFactory = _ => "http://localhost:8080" };
        Option<int[]> streams = new("--streams") { Description = "Numbers of concurrent streams.", DefaultValueFactory = _ => [1, 16], AllowMultipleArgumentsPerToken = true };
        Option<int> tokens = new("--tokens") { Description = "Tokens of each answer (end tokens are ignored).", DefaultValueFactory = _ => 128 };
        Option<int> rounds = new("--rounds") { Description = "Counted rounds after one warm-up; the medians are shown.", DefaultValueFactory = _ => 5 };
        Command command = new("streams", "Tokens per second through HTTP, streaming, by number of concurrent streams.") { url, streams, tokens, rounds };
        command.SetAction((parsed, cancellation) =>
            RunAsync(new Uri(parsed.GetValue(url)!), parsed.GetValue(streams)!, parsed.GetValue(tokens), parsed.GetValue(rounds), cancellation));
        return command;
    }

    private static async Task RunAsync(Uri url, int[] streamCounts, int tokens, int rounds, CancellationToken cancellation)
    {
        using HttpClient client = new() { BaseAddress = url, Timeout = TimeSpan.FromMinutes(10) };
        string model = (await client.GetFromJsonAsync<JsonElement>("v1/models", cancellation)).GetProperty("data")[0].GetProperty("id").GetString()!;
        Dictionary<int, List<Result>> results = streamCounts.ToDictionary(count => count, _ => new List<Result>());
        for (int round = 0; round <= rounds; round++) // the counts take turns, so that a slow minute of the machine hits all
            foreach (int count in streamCounts)
            {
                Result result = await RoundAsync(client, model, count, tokens, round, cancellation);
                if (round > 0) results[count].Add(result);
            }
        Report(model, tokens, rounds, results);
    }

    private static async Task<Result> RoundAsync(HttpClient client, string model, int streams, int tokens, int round, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        double[] firsts = await Task.WhenAll(Enumerable.Range(0, streams).Select(i => StreamAsync(client, model, tokens, $"{round} {i}", cancellation)));
        return new Result(streams, streams * tokens, Stopwatch.GetElapsedTime(start).TotalSeconds, firsts.Average());
    }

    private static async Task<double> StreamAsync(HttpClient client, string model, int tokens, string salt, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpRequestMessage request = new(HttpMethod.Post, "v1/completions")
        {
            Content = JsonContent.Create(new { model, prompt = $"Stream {salt}: once upon a time", max_tokens = tokens, temperature = 0, ignore_eos = true, stream = true }),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        double first = Stopwatch.GetElapsedTime(start).TotalSeconds; // headers wait for the first token
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
            if (line == "data: [DONE]") return first;
        throw new InvalidOperationException("A stream ended without [DONE].");
    }

    private static void Report(string model, int tokens, int rounds, Dictionary<int, List<Result>> results)
    {
        Console.WriteLine($"{model}: {tokens} tokens a stream, medians of {rounds} rounds taken in turn\n{"streams",8}{"tokens/s",12}{"ratio",8}{"first token, ms",18}");
        double? single = null;
        foreach ((int streams, List<Result> rows) in results)
        {
            double rate = Median(rows.Select(r => r.TokensPerSecond));
            single ??= rate;
            Console.WriteLine($"{streams,8}{rate,12:N0}{rate / single,8:N2}{1000 * Median(rows.Select(r => r.FirstTokenSeconds)),18:N1}");
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
