using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Guidance;

/// <summary>Asks a server many things at once and gives the answers in order.</summary>
internal static class Answers
{
    private const int AtOnce = 32;

    public static async Task<Answer[]> AskAsync(HttpClient client, IReadOnlyList<JsonObject> requests) =>
        [.. (await AskForChoicesAsync(client, requests)).Select(choices => Assert.Single(choices))];

    /// <summary>As <see cref="AskAsync"/>, all choices of each.</summary>
    public static async Task<Answer[][]> AskForChoicesAsync(HttpClient client, IReadOnlyList<JsonObject> requests)
    {
        var answers = new Answer[requests.Count][];
        await Parallel.ForAsync(0, requests.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancellation) =>
        {
            requests[i]["model"] = TestModel.Name;
            requests[i]["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is a giraffe?" });
            using StringContent body = TestApp.Json(requests[i].ToJsonString());
            using HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", body, cancellation);
            string text = await response.Content.ReadAsStringAsync(cancellation);
            Assert.True(response.IsSuccessStatusCode, $"{requests[i].ToJsonString()}\n{text}");
            answers[i] = [.. JsonNode.Parse(text)!["choices"]!.AsArray().Select(choice => new Answer((string)choice!["message"]!["content"]!, (string)choice["finish_reason"]!))];
        });
        return answers;
    }
}

/// <summary>What a model said, and why it stopped.</summary>
internal sealed record Answer(string Text, string FinishReason);
