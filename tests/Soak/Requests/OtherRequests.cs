using System.Text.Json;

namespace Llama.Soak.Requests;

/// <summary>The routes beside chat.</summary>
internal static class OtherRequests
{
    public static async Task CompletionAsync(Api api, Random random)
    {
        JsonElement answer = await api.AskAsync("/v1/completions", new
        {
            model = api.Model,
            prompt = new[] { Words.Question(random), Words.Question(random) },
            max_tokens = random.Next(0, 30),
            echo = true,
            logprobs = 2,
        });
        ChatRequests.Require(answer.GetProperty("choices").GetArrayLength() == 2, "an answer to each prompt");
    }

    public static async Task EmbedAsync(Api api, Random random)
    {
        string[] input = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Words.Question(random))];
        JsonElement answer = await api.AskAsync("/v1/embeddings", new { model = api.Model, input, encoding_format = random.Next(2) == 0 ? "float" : "base64" });
        ChatRequests.Require(answer.GetProperty("data").GetArrayLength() == input.Length, "an embedding for each input");
    }

    /// <summary>A stored response, one that follows it, and sometimes their end.</summary>
    public static async Task RespondAsync(Api api, Random random)
    {
        JsonElement first = await api.AskAsync("/v1/responses", new { model = api.Model, input = Words.Question(random), max_output_tokens = 30 });
        string id = first.GetProperty("id").GetString()!;
        await api.AskAsync("/v1/responses", new { model = api.Model, input = $"And a {Words.Noun(random)}?", previous_response_id = id, max_output_tokens = 30, store = false });
        await api.GetAsync($"/v1/responses/{id}/input_items");
        if (random.Next(2) == 0) await api.DeleteAsync($"/v1/responses/{id}");
    }

    public static async Task StreamResponseAsync(Api api, Random random)
    {
        List<string> events = await api.StreamAsync("/v1/responses", new { model = api.Model, input = Words.Question(random), max_output_tokens = random.Next(16, 60), stream = true, store = false });
        ChatRequests.Require(JsonElement.Parse(events[^1]).GetProperty("type").GetString() is "response.completed" or "response.incomplete", "an event at the end of a response");
    }

    public static async Task CountAsync(Api api, Random random)
    {
        JsonElement tokens = (await api.AskAsync("/tokenize", new { prompt = Words.Text(random, random.Next(1, 400)) })).GetProperty("tokens");
        await api.AskAsync("/detokenize", new { tokens });
        await api.AskAsync("/v1/chat/completions/input_tokens", new { model = api.Model, messages = Words.Conversation(random) });
        await api.TextAsync("/health/ready", default);
    }
}
