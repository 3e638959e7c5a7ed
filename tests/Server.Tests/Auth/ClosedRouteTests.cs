using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests.Auth;

/// <summary>Every route is closed unless it says so, however it is written and whatever is sent in the place of a key.</summary>
public sealed partial class ClosedRouteTests
{
    private static readonly string[] Open = ["/", "/engine", "/health", "/health/live", "/health/ready", "/health/startup", "/metrics", "/favicon.ico", "/robots.txt", "/swagger/live-stream.js", "/swagger/page.css"];

    [Fact]
    public async Task Routes_WithoutAKey_AreClosedButThoseForEverybody()
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "k", ["Auth:AdminKey"] = "boss" } };
        HttpClient client = await app.StartAsync();
        List<string> answered = [];
        foreach ((HttpMethod method, string path) in All(app))
        {
            HttpResponseMessage answer = await client.SendAsync(new HttpRequestMessage(method, path));
            if (answer.StatusCode != HttpStatusCode.Unauthorized)
                answered.Add(path);
        }

        Assert.Equal(Open.Order(), answered.Where(path => !path.StartsWith("/assets/", StringComparison.Ordinal)).Distinct().Order());
    }

    [Theory]
    [InlineData("Bearer k", true)]
    [InlineData("bearer k", true)]
    [InlineData("BEARER   k ", true)]
    [InlineData("Bearer K", false)]
    [InlineData("Bearer k,Bearer k", false)]
    [InlineData("Bearer k k", false)]
    [InlineData("Bearer \"k\"", false)]
    [InlineData("Bearer sha256:8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a", false)] // its hash is not the key
    [InlineData("Bearerk", false)]
    [InlineData("Bearer", false)]
    [InlineData("Basic azo=", false)]
    [InlineData("k", false)]
    [InlineData("", false)]
    public async Task Key_InTheHeader_IsTakenAsItStandsAndNoOther(string header, bool opens)
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "k" } };
        HttpClient client = await app.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models?api_key=k&key=k") { Headers = { { "x-api-key", "k" } } };
        request.Headers.TryAddWithoutValidation("Authorization", header);

        Assert.Equal(opens ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, (await client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("//v1/models")]
    [InlineData("/v1//models")]
    [InlineData("/./v1/models")]
    [InlineData("/health/../v1/models")]
    [InlineData("/health/%2e%2e/v1/models")]
    [InlineData("/health%2f..%2fv1/models")]
    [InlineData("/assets/../v1/models")]
    [InlineData("/assets/%2e%2e/%2e%2e/appsettings.json")]
    [InlineData("/V1/MODELS")]
    [InlineData("/v1/models/")]
    [InlineData("/v1%2fmodels")]
    [InlineData("/v1/models%00")]
    [InlineData("/v1/models;a=b")]
    [InlineData("/v1/models?Authorization=Bearer%20k")]
    [InlineData("http://localhost/v1/models")]
    [InlineData("http://k@localhost/v1/models")]
    [InlineData("/v1/models#/health")]
    public async Task Path_InAnyWriting_OpensNothing(string path)
    {
        await using var app = new TestApp { Settings = { ["Auth:ApiKeys:0"] = "k" } };
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n"));
        string answer = await new StreamReader(socket.GetStream(), Encoding.UTF8).ReadToEndAsync();

        Assert.Matches("^HTTP/1.1 (400|401|404) ", answer);
    }

    /// <summary>Every method and path that a route of the server takes.</summary>
    internal static IEnumerable<(HttpMethod Method, string Path)> All(TestApp app) =>
        from endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        select (new HttpMethod(method), "/" + Parameter.Replace(endpoint.RoutePattern.RawText!, "x").Trim('/'));

    [GeneratedRegex("{[^}]*}")]
    private static partial Regex Parameter { get; }
}
