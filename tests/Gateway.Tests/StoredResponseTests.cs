using System.Net;
using CsCheck;
using Llama.Gateway.Balancing;
using Llama.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Gateway.Tests;

[Collection(nameof(Fleet))] // one at a time: instruments are told apart by name alone in a process
public sealed class StoredResponseTests
{
    private const string GoesOn = """{"input":"x","previous_response_id":"resp_1"}""";

    [Fact]
    public async Task Response_MadeHere_ItsReplicaAloneIsAsked()
    {
        await using Fleet fleet = await Fleet.StartAsync(3);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Make;
        await fleet.PostAsync("/v1/responses", """{"input":"x"}""");
        FakeReplica keeper = Assert.Single(fleet.Replicas, replica => !replica.Requests.IsEmpty);
        foreach (int _ in Enumerable.Range(0, 5))
            await fleet.PostAsync("/v1/responses", GoesOn);
        await fleet.Client.GetAsync("/v1/responses/resp_1/input_items");

        Assert.Equal(7, keeper.Requests.Count);
        Assert.Equal(7, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Response_MadeElsewhere_IsAskedForUntilItIsFound(int keeper)
    {
        await using Fleet fleet = await Fleet.StartAsync(3);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Error(replica.Requests is not null && replica == fleet.Replicas[keeper] ? 200 : 400, "previous_response_not_found");

        Assert.Equal(HttpStatusCode.OK, (await fleet.PostAsync("/v1/responses", GoesOn)).StatusCode);
        Assert.Equal(GoesOn, Assert.Single(fleet.Replicas[keeper].Requests).Text);
    }

    [Theory]
    [InlineData(400, "previous_response_not_found")]
    [InlineData(404, "item_not_found")]
    public async Task Response_NobodyHas_TheReplicasWordIsPassedOn(int status, string code)
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Error(status, code);
        HttpResponseMessage answer = await fleet.PostAsync("/v1/responses", GoesOn);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(code, await answer.Content.ReadAsStringAsync());
        Assert.All(fleet.Replicas, replica => Assert.Single(replica.Requests));
    }

    [Fact]
    public async Task Response_OneThatMayHaveItHasTooMuch_TheCallerIsToComeAgain()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
        {
            replica.Answer = context => fleet.Replicas.Sum(each => each.Requests.Count) == 1
                ? Answers.Error(503, "server_overloaded")(context)
                : Answers.Error(400, "previous_response_not_found")(context);
        }

        await RetryTests.AssertUnavailableAsync(await fleet.PostAsync("/v1/responses", GoesOn), "The replica that may have what the request refers to cannot be asked now.");
    }

    [Fact]
    public async Task Response_OtherFaultOfTheRequest_IsFinal()
    {
        await using Fleet fleet = await Fleet.StartAsync(2);
        foreach (FakeReplica replica in fleet.Replicas)
            replica.Answer = Answers.Error(400, "invalid_value");

        Assert.Contains("invalid_value", await (await fleet.PostAsync("/v1/responses", GoesOn)).Content.ReadAsStringAsync());
        Assert.Equal(1, fleet.Replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public void Stored_AnyNumberOfThem_TheLatestAreKnownNoneIsWrongAndMemoryIsBounded() => Gen.Select(Gen.Int[1, 6], Gen.Select(Gen.Int[0, 20], Gen.Int[0, 2]).Array[1, 60]).Sample((most, added) =>
    {
        var stored = new StoredResponses(most);
        Dictionary<int, string> latest = [];
        for (int i = 0; i < added.Length; i++)
        {
            (int id, int replica) = added[i];
            stored.Add($"{id}", latest[id] = $"http://{replica}");
            Assert.All(added[Math.Max(0, i + 1 - most)..(i + 1)], one => Assert.Equal(latest[one.Item1], stored.Find($"{one.Item1}")));
            Assert.All(latest, one => Assert.True(stored.Find($"{one.Key}") is not { } address || address == one.Value));
            Assert.InRange(latest.Keys.Count(id => stored.Find($"{id}") is not null), 1, 2 * most);
        }
    });

    private static Task Make(HttpContext context)
    {
        context.Response.Headers["x-response-id"] = "resp_1";
        return context.Response.WriteAsync("{}");
    }
}
