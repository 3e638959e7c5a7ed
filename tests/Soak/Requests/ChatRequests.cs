using System.Text.Json;

namespace Llama.Soak.Requests;

/// <summary>Conversations: whole, streamed, and left by their callers in the midst.</summary>
internal static class ChatRequests
{
    private const string Path = "/v1/chat/completions";

    public static async Task WholeAsync(Api api, Random random)
    {
        JsonElement answer = await api.AskAsync(Path, Body(api, random, stream: false));
        Require(answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString() is "stop" or "length", "a finish reason");
    }

    public static async Task StreamAsync(Api api, Random random)
    {
        List<string> events = await api.StreamAsync(Path, Body(api, random, stream: true));
        Require(events is [.., "[DONE]"], "[DONE] at the end of a stream");
        Require(events.TrueForAll(data => !data.StartsWith("{\"error\"", StringComparison.Ordinal)), "a stream without an error");
    }

    public static async Task SeveralAsync(Api api, Random random)
    {
        int count = random.Next(2, 5);
        JsonElement answer = await api.AskAsync(Path, new
        {
            model = api.Model,
            messages = Words.Conversation(random),
            n = count,
            max_tokens = random.Next(1, 40),
            temperature = 1.0,
            logprobs = true,
            top_logprobs = 3,
            logit_bias = new Dictionary<string, int> { ["42"] = -100 },
        });
        Require(answer.GetProperty("choices").GetArrayLength() == count, "as many answers as asked for");
    }

    /// <summary>Reads a few events of a long answer and closes the connection.</summary>
    public static async Task LeaveStreamAsync(Api api, Random random) =>
        await api.StreamAsync(Path, Body(api, random, stream: true, leastTokens: 200), mostEvents: random.Next(1, 12));

    /// <summary>Closes the connection before there is an answer, or just after.</summary>
    public static async Task CancelAsync(Api api, Random random)
    {
        using var end = new CancellationTokenSource(random.Next(1, 80));
        try
        {
            await api.AskAsync(Path, Body(api, random, stream: false, leastTokens: 200), end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
    }

    /// <summary>A deadline in the midst of the answer ends it; one that cannot be met is refused.</summary>
    public static async Task TimeOutAsync(Api api, Random random) => await api.AskAsync(Path, new
    {
        model = api.Model,
        messages = Words.Conversation(random),
        max_tokens = 300,
        ignore_eos = true,
        request_timeout = 0.05 + (random.NextDouble() / 5),
    });

    internal static void Require(bool holds, string what)
    {
        if (!holds) throw new UnexpectedAnswerException($"expected {what}");
    }

    private static object Body(Api api, Random random, bool stream, int leastTokens = 1) => new
    {
        model = api.Model,
        messages = Words.Conversation(random),
        max_tokens = random.Next(leastTokens, leastTokens + 120),
        temperature = random.Next(3) * 0.7,
        top_p = 0.9,
        seed = random.Next(),
        stop = random.Next(4) == 0 ? new[] { "animal", "\n\n" } : null,
        ignore_eos = leastTokens > 1,
        presence_penalty = random.Next(2),
        stream,
    };
}
