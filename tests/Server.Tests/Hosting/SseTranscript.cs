using System.Text.Json.Nodes;

namespace Llama.Server.Tests.Hosting;

/// <summary>A stream of events, taken apart.</summary>
internal sealed class SseTranscript
{
    private SseTranscript(string raw)
    {
        Raw = raw;
        string[] data = [.. raw.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(item => item.StartsWith("data: ", StringComparison.Ordinal)).Select(item => item[6..])];
        IsDone = data is [.., "[DONE]"];
        Chunks = [.. data.Where(item => item != "[DONE]").Select(item => JsonNode.Parse(item)!)];
    }

    public string Raw { get; }

    public bool IsDone { get; }

    public IReadOnlyList<JsonNode> Chunks { get; }

    /// <summary>The text of one choice, put together; of either route.</summary>
    public string Text(int choice = 0) => string.Concat(Choices(choice).Select(one => (string?)(one["delta"]?["content"] ?? one["text"]) ?? ""));

    public string? FinishReason(int choice = 0) => Choices(choice).Select(one => (string?)one["finish_reason"]).Single(reason => reason is not null);

    public IEnumerable<JsonNode> Choices(int choice) =>
        Chunks.SelectMany(chunk => chunk["choices"]?.AsArray() ?? []).Where(one => (int)one!["index"]! == choice).Select(one => one!);

    public static async Task<SseTranscript> ReadAsync(HttpResponseMessage response) => new(await response.Content.ReadAsStringAsync());
}
