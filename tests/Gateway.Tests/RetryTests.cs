using System.Net;
using Llama.Gateway.Tests.Hosting;

namespace Llama.Gateway.Tests;

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
    public async Task Replicas_BreakOffBeforeTheyAnswer_EachIsAskedOnceAndTheErrorIsTheApis()
    {
        await using Fleet fleet = await Fleet.StartAsync(3);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Reset;
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        await AssertUnavailableAsync(answer, "No replica could be reached.");
        Assert.All(fleet.Replicas, replica => Assert.Single(replica.Requests));
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
    public async Task Stream_ItsReplicaDies_EndsInAnErrorAndIsNotBegunAnew()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Cut("text/event-stream", Answers.Event + "data: {\"cho");
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);
        string text = await answer.Content.ReadAsStringAsync();

        Assert.StartsWith(Answers.Event + "data: {\"error\":{\"message\":", text);
        Assert.EndsWith("\"type\":\"server_error\",\"param\":null,\"code\":\"server_unavailable\"}}\n\n", text);
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
        Assert.Contains("outcome=\"Broke\"", await fleet.ScrapeAsync());
    }

    [Fact]
    public async Task WholeAnswer_ItsReplicaDies_IsNeverTakenForWhole()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Cut("application/json", "{\"choices\":[");
        HttpResponseMessage answer = await fleet.PostAsync("/v1/chat/completions", Body);

        await Assert.ThrowsAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
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

    internal static async Task AssertUnavailableAsync(HttpResponseMessage answer, string message)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal($$$"""{"error":{"message":"{{{message}}}","type":"server_error","param":null,"code":"server_unavailable"}}""", await answer.Content.ReadAsStringAsync());
    }
}
