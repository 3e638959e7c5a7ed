using System.Net;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Logging;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Telemetry;

/// <summary>What the log says, read from a file that section <c>Serilog</c> adds.</summary>
[Collection(nameof(Activities))]
public sealed class LogTests : IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("log");

    private string LogPath => Path.Combine(_folder.FullName, "log");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void WithoutStack_SinkThatThrew_SaysWhatItMetAndNotWhere() => Assert.Equal(
        "Caught exception while emitting to sink Console: System.IO.IOException: No space left on device",
        LoggingRegistration.WithoutStack("Caught exception while emitting to sink Console: System.IO.IOException: No space left on device\n   at System.ConsolePal.Write()\n   at Main()\n"));

    [Theory]
    [InlineData(null, false)]
    [InlineData("none", false)]
    [InlineData("traces", false)]
    [InlineData("log", true)]
    [InlineData("both", true)]
    public async Task RecordText_ForTheLog_WritesPromptAndAnswerOfEachRouteAndElseNothing(string? setting, bool isThere)
    {
        await using var app = WithLog("A tall animal.");
        if (setting is not null) app.Settings["Server:RecordText"] = setting;
        HttpClient client = await app.StartAsync();
        await AskAsync(client, "/v1/chat/completions", TestApp.Chat("\"stream\":true"));
        await AskAsync(client, "/v1/completions", TestApp.Json("""{"model":"tiny","prompt":"What is a zebra?","max_tokens":1}"""));
        await AskAsync(client, "/v1/responses", TestApp.Json("""{"model":"tiny","input":"What is an okapi?","instructions":"Be brief."}"""));
        string log = await UntilAsync("/v1/responses 200");

        Assert.All(["What is a giraffe?", "What is a zebra?", "What is an okapi?", "Be brief.", "A tall animal."], text => Assert.Equal(isThere, log.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(isThere, log.Contains("""[{"role":"user","parts":[{"type":"text","content":"What is a giraffe?"}]}] and was answered [{"role":"assistant","parts":[{"type":"text","content":"A tall animal."}],"finish_reason":"stop"}]""", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RecordText_ForTheLog_HasToolsAsTheyWereCalledAndAnswered()
    {
        await using var app = WithLog("ok");
        app.Settings["Server:RecordText"] = "log";
        HttpClient client = await app.StartAsync();
        await AskAsync(client, "/v1/chat/completions", TestApp.Json("""
            {"model":"tiny","tools":[{"type":"function","function":{"name":"measure"}}],"messages":[{"role":"user","content":"How tall?"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"measure","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"5 m"}]}
            """));
        string log = await UntilAsync("/v1/chat/completions 200");

        Assert.Contains("""{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"measure","arguments":"{}"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"5 m"}]}""", log);
    }

    [Fact]
    public async Task Line_OfHeadOrGetThatIsAnsweredWell_IsLeftOut()
    {
        await using var app = WithLog("ok");
        HttpClient client = await app.StartAsync();
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using HttpResponseMessage found = await client.SendAsync(new HttpRequestMessage(method, "/v1/models")), lost = await client.SendAsync(new HttpRequestMessage(method, "/v1/models/none"));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (found.StatusCode, lost.StatusCode));
        }
        string log = await UntilAsync("HEAD /v1/models/{**id} 404");

        Assert.Contains("GET /v1/models/{**id} 404", log, StringComparison.Ordinal);
        Assert.DoesNotContain("/v1/models 200", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_OfARequest_EndsWithTheTraceThatItsCallerHasBegun()
    {
        await using var app = WithLog("ok");
        HttpClient client = await app.StartAsync();
        await AskAsync(client, "/v1/chat/completions", TestApp.Chat());
        client.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-00");
        await AskAsync(client, "/v1/completions", TestApp.Json("""{"model":"tiny","prompt":"a"}"""));
        string[] lines = (await UntilAsync("/v1/completions 200")).Split('\n');

        Assert.DoesNotContain("trace", Assert.Single(lines, line => line.Contains("/v1/chat/completions 200", StringComparison.Ordinal)));
        Assert.EndsWith($", trace {Trace}", Assert.Single(lines, line => line.Contains("/v1/completions 200", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Line_OfSeveralAnswers_HasEachReasonOfTheirEndsOnce()
    {
        await using var app = WithLog("ok");
        HttpClient client = await app.StartAsync();
        await AskAsync(client, "/v1/completions", TestApp.Json("""{"model":"tiny","prompt":"a","n":100}"""));
        await AskAsync(client, "/v1/chat/completions", TestApp.Chat());
        string[] lines = (await UntilAsync("/v1/chat/completions 200")).Split('\n');

        Assert.Contains(", ended by 100 Stop", Assert.Single(lines, line => line.Contains("/v1/completions 200", StringComparison.Ordinal)));
        Assert.EndsWith(", ended by Stop", Assert.Single(lines, line => line.Contains("/v1/chat/completions 200", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Line_OfARequestWithoutAToken_SaysNoTimeOfItsFirst()
    {
        await using var app = WithLog("ok");
        HttpClient client = await app.StartAsync();
        await AskAsync(client, "/v1/completions", TestApp.Json("""{"model":"tiny","prompt":"a","max_tokens":0,"echo":true,"logprobs":1}"""));

        Assert.Contains("+ 0 completion, first after null ms, ended by", await UntilAsync("/v1/completions 200")); // a 0 would count in whoever's average
    }

    private TestApp WithLog(string reply) => new() { Reply = reply, LogPath = LogPath, Settings = { ["Serilog:MinimumLevel:Default"] = "Information" } };

    private static async Task AskAsync(HttpClient client, string route, HttpContent body)
    {
        HttpResponseMessage answer = await client.PostAsync(route, body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
    }

    /// <summary>The log once it has a line with this text; a request's line is written a little after its answer.</summary>
    private async Task<string> UntilAsync(string text)
    {
        string log = "";
        await Wait.Until(() => File.Exists(LogPath) && (log = Read()).Contains(text, StringComparison.Ordinal));
        return log;
    }

    private string Read()
    {
        using var file = new StreamReader(new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd();
    }
}
