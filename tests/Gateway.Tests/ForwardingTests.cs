using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Http;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class ForwardingTests
{
    private const string Body = """{ "model" : "m",  "messages":[{"role":"user","content":"\u00e4 🦒"}]}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_AnyBody_ArrivesByteForByteWithItsKeyIdAndTrace(bool chunked)
    {
        await using Fleet fleet = await Fleet.StartAsync(1);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions?a=b") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body)) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.Add("Authorization", "Bearer key");
        request.Headers.Add("x-request-id", "caller-1");
        request.Headers.ExpectContinue = true;
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "vendor=value");
        request.Headers.Add("baggage", "tenant=a");
        HttpResponseMessage answer = await fleet.Client.SendAsync(request);
        SeenRequest seen = Assert.Single(fleet.Replicas[0].Requests);

        Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
        Assert.Equal(Body, seen.Text);
        Assert.Equal("Bearer key", seen.Headers["Authorization"]);
        Assert.Equal("caller-1", seen.Headers["x-request-id"]);
        Assert.Equal("caller-1", Assert.Single(answer.Headers.GetValues("x-request-id")));
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", seen.Headers["traceparent"]); // the caller's span is the parent: the gateway exports none of its own
        Assert.Equal("vendor=value", seen.Headers["tracestate"]);
        Assert.Equal("tenant=a", seen.Headers["baggage"]);
    }

    [Fact]
    public async Task Header_OfAnyText_Arrives()
    {
        await using Fleet fleet = await Fleet.StartAsync(1);
        using var socket = new TcpClient();
        await socket.ConnectAsync(fleet.Client.BaseAddress!.Host, fleet.Client.BaseAddress.Port);

        await socket.GetStream().WriteAsync((byte[])[.. "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Title: Caf"u8, 0xE9, .. " in Köln\r\nConnection: close\r\n\r\n"u8]);
        string answer = await new StreamReader(socket.GetStream(), Encoding.UTF8).ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Equal("Caf\uFFFD in Köln", Assert.Single(fleet.Replicas[0].Requests).Headers["X-Title"]);
    }

    [Theory]
    [InlineData("CONNECT localhost:80")]
    [InlineData("CONNECT /v1/models")]
    public async Task Connect_Any_IsHeldAgainstNoReplica(string start)
    {
        await using Fleet fleet = await Fleet.StartAsync(1, "--Gateway:ProbeSeconds=600");

        string answer = await fleet.SendRawAsync($"{start} HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 405", answer);
        Assert.Contains("\"code\":\"method_not_allowed\"", answer);
        Assert.Equal(HttpStatusCode.OK, (await fleet.PostAsync("/v1/chat/completions", Body)).StatusCode);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    public async Task Body_MalformedChunks_Is400InTheApisWords(string size)
    {
        await using Fleet fleet = await Fleet.StartAsync(1);

        string answer = await fleet.SendRawAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size}\r\n");

        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Contains("\"code\":\"invalid_request\"", answer);
        Assert.Empty(fleet.Replicas[0].Requests);
    }

    [Fact]
    public async Task Request_WithoutIds_GetsAnIdAndNoTrace()
    {
        await using Fleet fleet = await Fleet.StartAsync(1);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        SeenRequest seen = Assert.Single(fleet.Replicas[0].Requests);

        Assert.Equal(seen.Headers["x-request-id"], Assert.Single(answer.Headers.GetValues("x-request-id")));
        Assert.DoesNotContain("traceparent", seen.Headers.Keys); // with one that is not sampled the replica would export nothing
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_OverTheLimit_IsRefusedInTheApisWords(bool chunked)
    {
        await using Fleet fleet = await Fleet.StartAsync(1, "--Gateway:MaxRequestBodyBytes=1024");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new ByteArrayContent(new byte[5000]) };
        request.Headers.TransferEncodingChunked = chunked;
        HttpResponseMessage answer = await fleet.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("\"code\":\"request_too_large\"", await answer.Content.ReadAsStringAsync());
        Assert.Empty(fleet.Replicas[0].Requests);
    }

    /// <summary>The connection takes its next request: it would wait for ever for the end of a stream that nobody is shown.</summary>
    [Fact]
    public async Task Head_OfAStreamWithoutEnd_IsForwardedAsHead()
    {
        await using Fleet fleet = await Fleet.StartAsync(1);
        fleet.Replicas[0].Answer = context => HttpMethods.IsHead(context.Request.Method) || context.Request.Path != "/engine/events"
            ? Answers.Text("")(context) : Answers.Stream(Task.Delay(Timeout.Infinite, context.RequestAborted))(context);
        string answers = await fleet.SendRawAsync("HEAD /engine/events HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").WaitAsync(Wait.Patience);

        Assert.Equal(2, answers.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.Equal([("HEAD", "/engine/events"), ("GET", "/v1/models")], fleet.Replicas[0].Requests.Select(request => (request.Method, request.Path)));
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    public async Task Head_OfTheGatewaysOwnRoutes_IsAnsweredWithoutBody(string route)
    {
        await using Fleet fleet = await Fleet.StartAsync(1);
        string answer = await fleet.SendRawAsync($"HEAD {route} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").WaitAsync(Wait.Patience);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer);
        Assert.EndsWith("\r\n\r\n", answer);
        Assert.Empty(fleet.Replicas[0].Requests);
    }

    [Fact]
    public async Task Stream_EachEventLeavesAtOnce()
    {
        var go = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(1);
        fleet.Replicas[0].Answer = Answers.Stream(go.Task);
        using HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());

        Assert.Equal(Answers.Event.TrimEnd(), await reader.ReadLineAsync()); // the second has not been made yet
        go.SetResult();
        Assert.Equal("\ndata: [DONE]\n\n", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Stream_ReaderIsSlow_TheReplicaIsHeldUp()
    {
        long written = 0;
        await using Fleet fleet = await Fleet.StartAsync(1);
        fleet.Replicas[0].Answer = async context =>
        {
            context.Response.ContentType = "text/event-stream";
            byte[] event64K = Encoding.UTF8.GetBytes("data: " + new string('x', 64 << 10) + "\n\n");
            while (written < 1L << 30)
            {
                await context.Response.Body.WriteAsync(event64K, context.RequestAborted);
                written += event64K.Length;
            }
        };
        using HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body); // and nothing of it is read
        long before = -1;
        await Wait.Until(async () =>
        {
            (long last, before) = (before, Volatile.Read(ref written));
            await Task.Delay(300);
            return last == before && before > 0;
        });

        Assert.InRange(before, 1, 64 << 20); // the buffers of two sockets
    }

    [Fact]
    public async Task Caller_Leaves_TheReplicaIsToldAtOnce()
    {
        var left = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(1);
        fleet.Replicas[0].Answer = context =>
        {
            context.RequestAborted.Register(left.SetResult);
            return Answers.Stream(Task.Delay(Timeout.Infinite, context.RequestAborted))(context);
        };
        (await fleet.PostAsync("/v1/chat/completions", Body)).Dispose();

        await left.Task.WaitAsync(Wait.Patience);
    }

    [Fact]
    public async Task Caller_LeavesBeforeThereIsAnAnswer_NoOtherReplicaIsAsked()
    {
        (var came, var left) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using Fleet fleet = await Fleet.StartAsync(3);
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = async context =>
            {
                context.RequestAborted.Register(left.SetResult);
                came.SetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            };
        }
        await LeaveAsync(fleet, came.Task);
        await left.Task.WaitAsync(Wait.Patience);

        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Caller_LeavesWhileAReplicaSaysWhyItRefuses_NothingIsHeldAgainstIt()
    {
        var begun = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = async context =>
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                await context.Response.Body.FlushAsync();
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            };
        }
        await LeaveAsync(fleet, begun.Task);
        await Wait.Until(async () => (await fleet.ScrapeAsync()).Contains("outcome=\"Left\""));

        Assert.DoesNotContain("gateway_ejections_total{", await fleet.ScrapeAsync());
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Metrics_AfterRequests_TellOfReplicasAndPlaces()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        await fleet.PostAsync("/v1/chat/completions", Body);
        string address = fleet.Replicas.Single(replica => !replica.Requests.IsEmpty).Address;
        string counted = $$"""gateway_requests_total{outcome="Answered",replica="{{address}}",status="200"} 1""";
        await Wait.Until(async () => (await fleet.ScrapeAsync()).Contains(counted)); // after the caller has all
        string scrape = await fleet.ScrapeAsync();

        Assert.Contains("""gateway_placements_total{result="home"} 1""", scrape);
        Assert.Contains($$"""gateway_replica_ready{replica="{{address}}"} 1""", scrape);
    }

    [Fact]
    public async Task Conversations_Grow_StayWhereTheyAre()
    {
        await using Fleet fleet = await Fleet.StartAsync(3);
        foreach (int conversation in Enumerable.Range(0, 24))
        {
            foreach (int turn in Enumerable.Range(1, 4))
                await fleet.PostAsync("/v1/chat/completions", Turn(conversation, turn));
        }
        string[][] seen = [.. fleet.Replicas.Select(replica => replica.Requests.Select(request => request.Text).ToArray())];

        foreach (int conversation in Enumerable.Range(0, 24))
            Assert.Single(seen, texts => texts.Any(text => text.Contains($"first {conversation}\"", StringComparison.Ordinal)));
        Assert.All(seen, texts => Assert.NotEmpty(texts));
    }

    private static async Task LeaveAsync(Fleet fleet, Task begun)
    {
        using var caller = new CancellationTokenSource();
        Task<HttpResponseMessage> request = fleet.SendAsync("/v1/chat/completions", new StringContent(Body), caller.Token);
        await begun.WaitAsync(Wait.Patience);
        caller.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    private static string Turn(int conversation, int turn) =>
        $$"""{"messages":[{"role":"system","content":"all alike"},{"role":"user","content":"first {{conversation}}"}{{string.Concat(Enumerable.Repeat(",{\"role\":\"assistant\"}", turn))}}]}""";
}
