using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Llama.Server.Tests.Hosting;

/// <summary>What holds of the program alone: its log and its environment.</summary>
public sealed class ServerProcessTests
{
    [Fact]
    public async Task LogFormat_Json_EveryLineIsAnObjectAndARequestsHasItsValuesAndTrace()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        using ServerProcess server = new(["--Server:LogFormat=json"]);
        using HttpClient client = await server.ConnectAsync();

        using HttpRequestMessage request = Question();
        request.Headers.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        request.Headers.Add("x-request-id", "mine");
        using HttpResponseMessage answer = await client.SendAsync(request);
        await server.FindAsync("/v1/completions");

        JsonObject told = server.Lines.Select(line => JsonNode.Parse(line)!.AsObject()).ToArray()[^1];
        Assert.Equal(("/v1/completions", 200, "mine", 2), ((string?)told["Route"], (int)told["Status"]!, (string?)told["RequestId"], (int)told["Completion"]!));
        Assert.Equal(trace, (string?)told["@tr"]);
        Assert.Matches("^[0-9a-f]{16}$", (string?)told["@sp"]);
    }

    /// <summary>Behind a proxy all callers have the proxy's address.</summary>
    [Theory]
    [InlineData("true", 200)]
    [InlineData("false", 429)]
    public async Task ForwardedHeaders_Enabled_HaveEachCallerCountByTheAddressThatTheProxySaw(string isEnabled, int other)
    {
        using ServerProcess server = new(["--RateLimits:RequestsPerMinute=1"], ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", isEnabled));
        using HttpClient client = await server.ConnectAsync();

        Assert.Equal((200, 429, other), (await AskAsync("192.0.2.1"), await AskAsync("192.0.2.1"), await AskAsync("192.0.2.2")));

        async Task<int> AskAsync(string caller)
        {
            using HttpRequestMessage request = Question();
            request.Headers.Add("X-Forwarded-For", caller);
            using HttpResponseMessage answer = await client.SendAsync(request);
            return (int)answer.StatusCode;
        }
    }

    private static HttpRequestMessage Question() =>
        new(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(new { model = "llama-2-wordnet-8m", prompt = "What is a giraffe?", max_tokens = 2 }) };
}
