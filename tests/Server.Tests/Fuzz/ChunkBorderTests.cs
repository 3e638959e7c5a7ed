using System.Text;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Fuzz;

/// <summary>
/// Random texts whose characters are cut by tokens in every way, under random stop texts and limits. However an answer is cut into chunks, it is the same answer,
/// and it ends where a reading character by character would end it.
/// </summary>
public sealed class ChunkBorderTests
{
    private const int TextCount = 12;
    private const int RequestsPerText = 40;
    private const char Replacement = '\uFFFD';

    // One character each to a reader: joined, combined, of one to four bytes, in the vocabulary or spelled by byte tokens.
    private static readonly string[] Characters =
        ["a", "b", " ", "  ", "\n", "é", "e\u0301", "ß", "中", "漢字", "🦒", "👩‍🚀", "🏳️‍🌈", "👍🏽", "🇩🇪", "ก็", "नि", "﷽", "\u200D", "\u00A0", "tall", "giraffe", ".", "𝔊"];

    [Fact]
    public async Task Chunks_OfAnyTextUnderAnyStops_AreTheWholeAnswer()
    {
        int stopCount = 0;
        for (int seed = 0; seed < TextCount; seed++)
        {
            var random = new Random(seed);
            string text = RandomText(random, random.Next(1, 40));
            await using var app = new TestApp { Reply = text };
            HttpClient client = await app.StartAsync();
            for (int i = 0; i < RequestsPerText; i++)
            {
                string[] stops = [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomStop(random, text))];
                bool includesStop = random.Next(3) == 0;
                string expected = Cut(text, stops, includesStop);
                stopCount += expected.Length < text.Length ? 1 : 0;
                await AssertSameAsync(client, RandomRequest(random, stops, includesStop), expected, $"seed {seed}, request {i}, text '{text}', stops '{string.Join("', '", stops)}'");
            }
        }
        Assert.True(stopCount > TextCount * RequestsPerText / 4, $"only {stopCount} answers were stopped");
    }

    [Fact]
    public async Task Chunks_OfAnAnswerCutInMidCharacter_AreTheWholeAnswer()
    {
        await using var app = new TestApp { Reply = "🦒👩‍🚀 漢 e\u0301 🏳️‍🌈𝔊" };
        HttpClient client = await app.StartAsync();
        int tokens = TestApp.Tokenizer.Encode(app.Reply!).Length;
        for (int limit = 1; limit <= tokens; limit++)
            await AssertSameAsync(client, $"\"max_tokens\":{limit}", expected: null, $"cut after {limit} tokens");
    }

    private static string RandomText(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Characters[random.Next(Characters.Length)]));

    /// <summary>Mostly a piece of the text, so that it is met; never half a character, which JSON cannot say.</summary>
    private static string RandomStop(Random random, string text)
    {
        if (random.Next(3) == 0)
            return RandomText(random, random.Next(1, 3));
        Rune[] runes = [.. text.EnumerateRunes()];
        int start = random.Next(runes.Length);
        return string.Concat(runes.Skip(start).Take(random.Next(1, 5)));
    }

    /// <summary>The oracle: reads character by character and stops with the first stop text that is complete, the longest of those that end together.</summary>
    private static string Cut(string text, string[] stops, bool includesStop)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] met = [.. stops.Where(stop => text.AsSpan(0, end).EndsWith(stop, StringComparison.Ordinal)).OrderByDescending(stop => stop.Length)];
            if (met.Length > 0)
                return includesStop ? text[..end] : text[..(end - met[0].Length)];
        }
        return text;
    }

    private static string RandomRequest(Random random, string[] stops, bool includesStop)
    {
        string fields = $"\"include_stop_str_in_output\":{(includesStop ? "true" : "false")}";
        if (stops.Length > 0)
            fields += $",\"stop\":{new JsonArray([.. stops.Select(stop => JsonValue.Create(stop))]).ToJsonString()}";
        return random.Next(2) == 0 ? fields : fields + ",\"logprobs\":true,\"top_logprobs\":1";
    }

    private static async Task AssertSameAsync(HttpClient client, string fields, string? expected, string label)
    {
        JsonNode choice = (await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields))))["choices"]![0]!;
        string whole = (string)choice["message"]!["content"]!;
        SseTranscript streamed = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"stream\":true," + fields)));

        Assert.True(expected is null || whole == expected, $"{label}: '{whole}' is not '{expected}'");
        Assert.True(streamed.Text() == whole, $"{label}: '{streamed.Text()}' in chunks, '{whole}' as a whole");
        Assert.True(streamed.IsDone, label);
        Assert.True(streamed.FinishReason() == (string?)choice["finish_reason"], label);
        Assert.True(expected is null || !whole.Contains(Replacement), label);
    }
}
