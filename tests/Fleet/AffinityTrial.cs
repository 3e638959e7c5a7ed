using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Llama.Fleet;

/// <summary>32 conversations of 8 turns: of what the prompts hold, how much was computed before. The gateway must come near to a single replica; nginx, in turn, stands beside it.</summary>
internal sealed class AffinityTrial(string[] fronts) : ITrial
{
    private const int ConversationCount = 32, TurnCount = 8;
    private const double MostLost = 0.05;

    private static readonly string System = string.Join(' ', Enumerable.Repeat("You are a dictionary. Answer in one sentence.", 12));

    public async Task<bool> RunAsync(int port, CancellationToken cancellation)
    {
        double single = await MeasureAsync(1, port, "none", cancellation);
        double? gateway = fronts.Contains("gateway") ? await MeasureAsync(3, port, "gateway", cancellation) : null;
        double? turns = fronts.Contains("nginx") ? await MeasureAsync(3, port, "round-robin", cancellation) : null;
        bool isGood = gateway is null || single - gateway <= MostLost;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(isGood ? "PASS" : "FAIL")} prefix hits of {ConversationCount} conversations of {TurnCount} turns: {single:P1} on a single replica, {Show(gateway)} on three behind the gateway, {Show(turns)} in turn"));
        return isGood;
    }

    private static string Show(double? rate) => rate?.ToString("P1", CultureInfo.InvariantCulture) ?? "not measured";

    private static async Task<double> MeasureAsync(int replicaCount, int port, string front, CancellationToken cancellation)
    {
        await using Replicas replicas = await Replicas.StartAsync(replicaCount, port, front, cancellation);
        using var client = new HttpClient { BaseAddress = new Uri(replicas.Front?.Address ?? replicas[0].Address), Timeout = ServerProcess.Patience };
        (int Cached, int All)[] counts = await Task.WhenAll(Enumerable.Range(0, ConversationCount).Select(i => TalkAsync(client, i, cancellation)));
        return (double)counts.Sum(count => count.Cached) / counts.Sum(count => count.All);
    }

    /// <summary>Tokens of the prompts that were found computed, and all.</summary>
    private static async Task<(int Cached, int All)> TalkAsync(HttpClient client, int number, CancellationToken cancellation)
    {
        (int cached, int all) = (0, 0);
        List<object> messages = [new { role = "system", content = System }];
        for (int turn = 0; turn < TurnCount; turn++)
        {
            messages.Add(new { role = "user", content = $"Conversation {number}, turn {turn}: what is a giraffe?" });
            using HttpResponseMessage answer = await client.PostAsJsonAsync(
                "/v1/chat/completions", new { model = "llama-2-wordnet-8m", messages, max_tokens = 32, ignore_eos = true }, cancellation);
            using JsonDocument json = await JsonDocument.ParseAsync(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellation), cancellationToken: cancellation);
            JsonElement usage = json.RootElement.GetProperty("usage");
            cached += usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
            all += usage.GetProperty("prompt_tokens").GetInt32();
            messages.Add(new { role = "assistant", content = json.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString() });
        }
        return (cached, all);
    }
}
