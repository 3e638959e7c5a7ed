using System.Net;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests;

/// <summary>What pages of other origins may read of the gateway's own answers and of the replicas'.</summary>
[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class OtherOriginsTests
{
    private const string Page = "https://app.example.com", Setting = $"--Gateway:Cors:Origins:0={Page}";

    [Fact]
    public async Task Error_OfTheGateway_CanBeReadByAPageThatIsLetIn()
    {
        await using Fleet fleet = await Fleet.StartAsync(1, Setting);
        fleet.Replicas[0].Answer = Answers.Reset;
        HttpResponseMessage mine = await AskAsync(fleet, Page), other = await AskAsync(fleet, "https://evil.example.com");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable), (mine.StatusCode, other.StatusCode));
        Assert.Equal((Page, null), (Value(mine, "Access-Control-Allow-Origin"), Value(other, "Access-Control-Allow-Origin")));
        Assert.Contains("Retry-After", Value(mine, "Access-Control-Expose-Headers"));
    }

    [Fact]
    public async Task Preflight_NoReplicaIsReady_IsAnsweredSoThatThePageCanReadWhy()
    {
        await using Fleet fleet = await Fleet.StartAsync(1, Setting);
        fleet.Replicas[0].IsReady = false;
        await Wait.Until(async () => !(await fleet.Client.GetAsync("/health/ready")).IsSuccessStatusCode);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions") { Headers = { { "Origin", Page }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization" } } };
        HttpResponseMessage answer = await fleet.Client.SendAsync(preflight);

        Assert.Equal((HttpStatusCode.NoContent, Page, "authorization"), (answer.StatusCode, Value(answer, "Access-Control-Allow-Origin"), Value(answer, "Access-Control-Allow-Headers")));
        Assert.Empty(fleet.Replicas[0].Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_OfAReplicaThatLetsThePageIn_SaysSoOnce(bool gatewayDoesToo)
    {
        await using Fleet fleet = await Fleet.StartAsync(1, gatewayDoesToo ? [Setting] : []);
        fleet.Replicas[0].Answer = context =>
        {
            context.Response.Headers.AccessControlAllowOrigin = Page;
            context.Response.Headers.AccessControlExposeHeaders = "x-request-id";
            return Answers.Text("ok")(context);
        };
        HttpResponseMessage answer = await AskAsync(fleet, Page);

        Assert.Equal(Page, Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Single(answer.Headers.GetValues("Access-Control-Expose-Headers"));
    }

    private static Task<HttpResponseMessage> AskAsync(Fleet fleet, string origin) =>
        fleet.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("{}"), Headers = { { "Origin", origin } } });

    private static string? Value(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;
}
