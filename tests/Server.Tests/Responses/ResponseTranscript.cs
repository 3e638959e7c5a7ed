using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Responses;

/// <summary>A response's stream of named events, taken apart.</summary>
internal sealed class ResponseTranscript
{
    private ResponseTranscript(string raw)
    {
        Raw = raw;
        foreach (string item in raw.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(item => !item.StartsWith(':')))
        {
            string[] lines = item.Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("event: ", lines[0]);
            Assert.StartsWith("data: ", lines[1]);
            Names.Add(lines[0][7..]);
            Events.Add(JsonNode.Parse(lines[1][6..])!);
        }
    }

    public string Raw { get; }

    public List<string> Names { get; } = [];

    public List<JsonNode> Events { get; } = [];

    /// <summary>The response that the last event brings.</summary>
    public JsonNode Final => Events[^1]["response"]!;

    public IEnumerable<JsonNode> Of(string name) => Events.Where(one => (string?)one["type"] == name);

    /// <summary>The deltas of the text, put together.</summary>
    public string Text => string.Concat(Of("response.output_text.delta").Select(one => (string?)one["delta"]));

    public static async Task<ResponseTranscript> ReadAsync(HttpResponseMessage response) => new(await response.Content.ReadAsStringAsync());

    /// <summary>Sends a request with more fields, given as the inside of a JSON object.</summary>
    public static Task<HttpResponseMessage> PostAsync(HttpClient client, string fields) =>
        client.PostAsync("/v1/responses", TestApp.Json($$"""{"model":"{{TestApp.ModelName}}",{{fields}}}"""));

    /// <summary>Sends a request that must do well and gives the whole response.</summary>
    public static async Task<JsonNode> CreateAsync(HttpClient client, string fields)
    {
        HttpResponseMessage response = await PostAsync(client, fields);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await TestApp.ReadJsonAsync(response);
    }

    public static async Task<ResponseTranscript> StreamAsync(HttpClient client, string fields) => await ReadAsync(await PostAsync(client, fields + ",\"stream\":true"));
}
