using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Fuzz;

/// <summary>Random bodies to every route that takes one. None is answered with a fault of the server, and every refusal has OpenAI's four keys.</summary>
public sealed class RandomBodyTests
{
    private const int BodyCountPerRoute = 2_000;

    [Fact]
    public async Task AnyBody_OnAnyRoute_IsServedOrRefusedWithReason()
    {
        await using var app = new TestApp { Reply = "A giraffe is tall. 🦒", ContextLength = 128, Settings = { ["Server:MaxChoices"] = "4" } };
        HttpClient client = await app.StartAsync();
        List<string> faults = [];
        Dictionary<int, int> countByStatus = [];
        foreach (FuzzedRoute route in FuzzedRoute.AllOf(app))
        {
            for (int seed = 0; seed < BodyCountPerRoute; seed++)
            {
                ByteArrayContent body = RandomBody(new Random(seed), route);
                string sent = Encoding.UTF8.GetString(await body.ReadAsByteArrayAsync());
                HttpResponseMessage response = await client.PostAsync(route.Path, body);
                string text = await response.Content.ReadAsStringAsync();
                countByStatus[(int)response.StatusCode] = countByStatus.GetValueOrDefault((int)response.StatusCode) + 1;
                if (Fault(response, text, route, sent) is { } fault)
                    faults.Add($"{route.Path}, seed {seed}: {sent}\n  {fault}: {(int)response.StatusCode} {text}");
            }
        }
        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join("\n", faults.Take(20))}");
        Assert.True(countByStatus.GetValueOrDefault(200) > BodyCountPerRoute / 4, "hardly any body was served");
        Assert.True(countByStatus.GetValueOrDefault(400) > BodyCountPerRoute, "hardly any body was refused");
        await Wait.Until(() => app.Engine.Snapshot is { UsedBlockCount: 0, RunningCount: 0, WaitingCount: 0 });
    }

    private static ByteArrayContent RandomBody(Random random, FuzzedRoute route)
    {
        var json = new RandomJson(random);
        List<KeyValuePair<string, string>> body = [.. route.Body()];
        for (int changes = random.Next(4); changes > 0; changes--)
            Change(random, json, route, body);
        byte[] bytes = Encoding.UTF8.GetBytes(FuzzedRoute.Text(body));
        return new ByteArrayContent(random.Next(8) == 0 ? Damage(random, bytes) : bytes) { Headers = { ContentType = RandomType(random) } };
    }

    private static void Change(Random random, RandomJson json, FuzzedRoute route, List<KeyValuePair<string, string>> body)
    {
        IField field = route.Fields[random.Next(route.Fields.Count)];
        string name = random.Next(20) == 0 ? json.Word() : field.Name;
        string value = random.Next(5) switch { 0 => json.Any(), 1 => RandomJson.OfWrongType(field.Shape), _ => json.Fitting(field.Shape) };
        if (random.Next(20) != 0) // else it is there twice
            body.RemoveAll(pair => pair.Key == name);
        body.Insert(random.Next(body.Count + 1), new KeyValuePair<string, string>(name, value));
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        int at = random.Next(bytes.Length);
        switch (random.Next(4))
        {
            case 0: return bytes[..at];
            case 1: return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            case 2: return [0xEF, 0xBB, 0xBF, .. bytes];
            default:
                bytes[at] = (byte)random.Next(256);
                return bytes;
        }
    }

    private static MediaTypeHeaderValue? RandomType(Random random) => random.Next(40) switch
    {
        0 => null,
        1 => new MediaTypeHeaderValue("text/plain"),
        2 => new MediaTypeHeaderValue("application/json", "utf-16"),
        3 => new MediaTypeHeaderValue("application/vnd.api+json", "utf-8"),
        _ => new MediaTypeHeaderValue("application/json"),
    };

    /// <summary>What is wrong with an answer; null when nothing is.</summary>
    private static string? Fault(HttpResponseMessage response, string text, FuzzedRoute route, string body)
    {
        if (response.IsSuccessStatusCode)
            return text.Contains("\"internal_error\"", StringComparison.Ordinal) ? "fails in its stream" : null;
        if (!TryParse(text, out JsonNode? answer) || answer["error"] is not JsonObject error || !error.Select(pair => pair.Key).SequenceEqual(["message", "type", "param", "code"]))
            return "has no four keys";
        // The caller can ask for so little time that it is up before the answer.
        bool isDeadline = response.StatusCode == HttpStatusCode.ServiceUnavailable && body.Contains("\"request_timeout\"", StringComparison.Ordinal);
        if ((int)response.StatusCode >= 500 && !isDeadline)
            return "is a fault of the server";
        if (string.IsNullOrWhiteSpace((string?)error["message"]))
            return "has no message";
        string? param = ((string?)error["param"])?.Split('.', '[')[0];
        return param is null || Holds(body, param) || route.Fields.Any(field => field.Name == param) ? null : "names what is not there";
    }

    /// <summary>A damaged body may spell the name with an escape.</summary>
    private static bool Holds(string body, string name) =>
        body.Contains(name, StringComparison.Ordinal) || body.Contains(JsonEncodedText.Encode(name).ToString(), StringComparison.Ordinal);

    private static bool TryParse(string text, [NotNullWhen(true)] out JsonNode? node)
    {
        try
        {
            node = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            node = null;
        }
        return node is not null;
    }
}
