using System.Net;
using Llama.Gateway.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class RetryTests
{
    private const string Body = """{"model":"m","messages":[{"role":"user","content":"x"}]}""";

    [Fact]
    public async Task Replicas_AreGone_AnotherAnswersWithTheSameBody()
    {
        await using Fleet fleet = await Fleet.StartAsync(3);
        await fleet.Replicas[0].DisposeAsync();
        await fleet.Replicas[2].DisposeAsync();
        string[] bodies = [.. Enumerable.Range(0, 12).Select(i => Body.Replace("\"x\"", $"\"{i}\""))]; // some are at home with those that are gone
        foreach (string body in bodies)
            Assert.Equal(HttpStatusCode.OK, (await fleet.PostAsync("/v1/chat/completions", body)).StatusCode);

        Assert.Equal(bodies, fleet.Replicas[1].Requests.Select(request => request.Text));
    }

    [Fact]
    public async Task Replica_BreaksOffBeforeItAnswersAndIsTheOnlyOne_TheErrorIsTheApis()
    {
        await using Fleet fleet = await Fleet.StartAsync(1);
        fleet.Replicas[0].Answer = Answers.Reset;

        await AssertUnavailableAsync(await fleet.PostAsync("/v1/chat/completions", Body), "No replica could be reached.");
        Assert.Single(fleet.Replicas[0].Requests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Request_ReplicasDieOfIt_DoesNotGetToAllOfThem(int most)
    {
        await using Fleet fleet = await Fleet.StartAsync(4, $"--Gateway:MaxFailures={most}", "--Gateway:ProbeSeconds=600");
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Reset;
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("(Gateway:MaxFailures)", await answer.Content.ReadAsStringAsync());
        Assert.Equal("false", Assert.Single(answer.Headers.GetValues("x-should-retry")));
        Assert.Null(answer.Headers.RetryAfter);
        Assert.Equal(most, fleet.Replicas.Count(replica => replica.Requests.Count == 1));
        Assert.Equal(most, fleet.Replicas.Sum(replica => replica.Requests.Count));
        string retries = most == 1 ? "gateway_retries_total{" : $$"""gateway_retries_total{reason="Failed"} {{most - 1}}""";
        Assert.Equal(most > 1, (await fleet.ScrapeAsync()).Contains(retries));
    }

    [Fact]
    public async Task Request_OnlyRefusedByMany_GetsToTheOneThatTakesIt()
    {
        await using Fleet fleet = await Fleet.StartAsync(4, "--Gateway:MaxFailures=1");
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = context => fleet.Replicas.Sum(each => each.Requests.Count) < 4 ? Answers.Error(503, "server_unavailable")(context) : Answers.Text("fourth")(context);

        Assert.Equal("fourth", await (await fleet.PostAsync("/v1/chat/completions", Body)).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Replica_BreaksOffBeforeItAnswers_AnotherDoes()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = context => fleet.Replicas.Sum(each => each.Requests.Count) == 1 ? Answers.Reset(context) : Answers.Text("second")(context);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal("second", await answer.Content.ReadAsStringAsync());
        Assert.Contains("""gateway_retries_total{reason="Failed"} 1""", await fleet.ScrapeAsync());
    }

    [Theory]
    [InlineData("server_overloaded")]
    [InlineData("server_unavailable")]
    public async Task Replica_TakesNoMore_AnotherAnswers(string code)
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = context => fleet.Replicas.Sum(each => each.Requests.Count) == 1 ? Answers.Error(503, code)(context) : Answers.Text("second")(context);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal("second", await answer.Content.ReadAsStringAsync());
        Assert.Null(answer.Headers.RetryAfter); // nothing is left of the first
    }

    [Fact]
    public async Task Replica_SaysNotToSendItAgain_NoOtherIsAsked()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = context =>
            {
                context.Response.Headers["x-should-retry"] = "false";
                return Answers.Error(503, "server_overloaded")(context);
            };
        }
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("false", Assert.Single(answer.Headers.GetValues("x-should-retry")));
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Replicas_AllHaveTooMuch_TheLastOnesWordsArePassedOn()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Error(503, "server_overloaded");
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("7", Assert.Single(answer.Headers.GetValues("Retry-After")));
        Assert.Contains("server_overloaded", await answer.Content.ReadAsStringAsync());
        Assert.All(fleet.Replicas, replica => Assert.Single(replica.Requests));
    }

    [Theory]
    [InlineData(400, "invalid_value")]
    [InlineData(404, "model_not_found")]
    [InlineData(429, "rate_limit_exceeded")]
    [InlineData(500, "internal_error")]
    public async Task Replica_SaysNo_ItsWordIsFinal(int status, string code)
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Error(status, code);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(code, await answer.Content.ReadAsStringAsync());
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Replica_SaysThatALimitIsReached_TheCallerIsToldWhichAndWhenToCome()
    {
        Dictionary<string, string> headers = new() { ["Retry-After"] = "7", ["retry-after-ms"] = "6500", ["x-ratelimit-limit-requests"] = "60", ["x-ratelimit-remaining-requests"] = "0", ["x-ratelimit-reset-requests"] = "6.5s", ["x-should-retry"] = "false" };
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = context =>
            {
                foreach ((string name, string value) in headers)
                    context.Response.Headers[name] = value;
                return Answers.Error(429, "rate_limit_exceeded")(context);
            };
        }
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal(headers, headers.Keys.ToDictionary(name => name, name => Assert.Single(answer.Headers.GetValues(name))));
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Stream_ItsReplicaDies_EndsInAnErrorAndIsNotBegunAnew()
    {
        var die = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Cut("text/event-stream", Answers.Event + "data: {\"cho", die.Task);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        die.SetResult();
        string text = await answer.Content.ReadAsStringAsync();

        Assert.StartsWith(Answers.Event + "data: {\"error\":{\"message\":", text);
        Assert.EndsWith("\"type\":\"server_error\",\"param\":null,\"code\":\"server_unavailable\"}}\n\n", text);
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
        await Wait.Until(async () => (await fleet.ScrapeAsync()).Contains("outcome=\"Broke\"")); // counted after the caller has all
    }

    [Fact]
    public async Task WholeAnswer_ItsReplicaDies_IsNeverTakenForWhole()
    {
        var die = new TaskCompletionSource();
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Cut("application/json", "{\"choices\":[", die.Task);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        die.SetResult();

        await Assert.ThrowsAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task WholeAnswer_ItsReplicaDiesBehindTheHead_AnotherAnswers()
    {
        int askedCount = 0;
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = context => Interlocked.Increment(ref askedCount) > 1 ? Answers.Text("second")(context) : Answers.HeadAlone(context);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal((HttpStatusCode.OK, "second"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Null(answer.Headers.RetryAfter); // nothing is left of the first
        Assert.Contains("gateway_retries_total{reason=\"Failed\"} 1", await fleet.ScrapeAsync());
    }

    [Fact]
    public async Task WholeAnswer_ItsReplicaIsSilentBehindTheHead_IsATimeoutAndNotTriedElsewhere()
    {
        await using Fleet fleet = await Fleet.StartAsync(2, "--Gateway:AnswerSeconds=1");
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = async context =>
            {
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            };
        }
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"gateway_timeout\"", await answer.Content.ReadAsStringAsync());
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Replica_IsSilentForTooLong_IsATimeoutAndNotTriedElsewhere()
    {
        await using Fleet fleet = await Fleet.StartAsync(2, "--Gateway:AnswerSeconds=1");
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"gateway_timeout\"", await answer.Content.ReadAsStringAsync());
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Replica_RefusesAndDoesNotSayWhy_AnotherAnswers()
    {
        int askedCount = 0;
        await using Fleet fleet = await Fleet.StartAsync(2, "--Gateway:AnswerSeconds=1");
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = async context =>
            {
                if (Interlocked.Increment(ref askedCount) > 1)
                    return;
                context.Response.StatusCode = 503;
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            };
        }

        Assert.Equal(HttpStatusCode.OK, (await fleet.PostAsync("/v1/chat/completions", Body)).StatusCode);
        Assert.Equal(2, askedCount);
    }

    [Fact]
    public async Task Replica_DoesNotEvenRefuseConnections_AnotherAnswers()
    {
        using FullListener full = new();
        await using Fleet fleet = await Fleet.StartAsync(1, $"--Gateway:Replicas:1=http://{full.EndPoint}", "--Gateway:ProbeSeconds=600");
        foreach (int i in Enumerable.Range(0, 8))
            Assert.Equal(HttpStatusCode.OK, (await fleet.PostAsync("/v1/chat/completions", Body.Replace("\"x\"", $"\"{i}\""))).StatusCode);

        Assert.Equal(8, fleet.Replicas[0].Requests.Count);
        Assert.Contains("gateway_retries_total{reason=\"Unreached\"} 1", await fleet.ScrapeAsync());
    }

    internal static async Task AssertUnavailableAsync(HttpResponseMessage answer, string message)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal($$$"""{"error":{"message":"{{{message}}}","type":"server_error","param":null,"code":"server_unavailable"}}""", await answer.Content.ReadAsStringAsync());
    }
}
