using System.Diagnostics;
using System.Text;
using Llama.Server.Bench.Load;

namespace Llama.Server.Tests.Bench;

public sealed class OutcomeTests
{
    [Fact]
    public void End_StreamWithUsage_HasTheTimesOfItsDefinitions()
    {
        RequestOutcome outcome = Read(start: 0, (30, Text), (40, Text), (60, Text), (60, Text), (80, """{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7}}"""), (90, "[DONE]"));

        Assert.Equal((OutcomeKind.Completed, 4, 9, 7, true), (outcome.Kind, outcome.ChunkCount, outcome.PromptTokens, outcome.OutputTokens, outcome.HasUsage));
        Assert.Equal(30, outcome.Ttft!.Value, 1e-6);
        Assert.Equal(10, outcome.Tpot!.Value, 1e-6); // (90 − 30) / 6
        Assert.Equal(90, outcome.EndToEnd, 1e-6);
        Assert.Equal([5, 10, 0], outcome.InterToken.Select(gap => Math.Round(gap, 4))); // gaps of 10, 20, 0 with two tokens to a chunk
    }

    [Fact]
    public void End_StreamWithoutUsage_CountsChunks()
    {
        RequestOutcome outcome = Read(start: 5, (10, Text), (20, Text), (20, "[DONE]"));

        Assert.Equal((2, 0, false), (outcome.OutputTokens, outcome.PromptTokens, outcome.HasUsage));
        Assert.Equal(10, outcome.Tpot!.Value, 1e-6);
    }

    [Fact]
    public void End_AllInOneRead_HasNoTimeBetweenTokens()
    {
        RequestOutcome outcome = Read(start: 0, (30, Text), (30, Text), (30, """{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7}}"""), (30, "[DONE]"));

        Assert.Equal(30, outcome.Ttft!.Value, 1e-6);
        Assert.Null(outcome.Tpot);
        Assert.Empty(outcome.InterToken);
    }

    [Fact]
    public void End_NoText_HasNoTimeToFirstToken()
    {
        RequestOutcome outcome = Read(start: 0, (10, """{"choices":[{"text":"","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":3}}"""), (10, "[DONE]"));

        Assert.Equal((null, null, 3), (outcome.Ttft, outcome.Tpot, outcome.OutputTokens));
    }

    [Fact]
    public void End_CutOrErroneousStream_HasFailed()
    {
        Assert.Equal((OutcomeKind.Failed, "cut stream"), Kind(Read(start: 0, (10, Text))));
        RequestOutcome error = Read(start: 0, (10, Text), (20, """{"error":{"message":"It broke."}}"""), (20, "[DONE]"));
        Assert.Equal((OutcomeKind.Failed, "error event"), Kind(error));
        Assert.Equal("It broke.", error.Detail);

        static (OutcomeKind, string?) Kind(RequestOutcome outcome) => (outcome.Kind, outcome.Fault);
    }

    [Theory]
    [InlineData("""{"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":2}},"choices":[]}""", 0, false)]
    [InlineData("""{"usage":{"prompt_tokens":5,"total_tokens":7}}""", 5, false)]
    [InlineData("""{"usage":{"prompt_tokens":null,"completion_tokens":2}}""", 0, true)]
    [InlineData("""{"usage":{"prompt_tokens":5.5,"completion_tokens":"2"}}""", 0, false)]
    public void Take_CountsOfOtherMakes_TakesThoseThatAre(string chunk, int promptTokens, bool hasUsage)
    {
        RequestOutcome outcome = Read(start: 0, (10, Text), (20, Text), (30, chunk), (40, "[DONE]"));

        Assert.Equal((OutcomeKind.Completed, promptTokens, 2, hasUsage), (outcome.Kind, outcome.PromptTokens, outcome.OutputTokens, outcome.HasUsage));
    }

    [Theory]
    [InlineData("""{"error":"It broke.","error_type":"generation"}""", "It broke.")]
    [InlineData("[\"usage\":{", "[\"usage\":{")]
    public void Take_ErrorInWordsOrNoJson_HasFailedAlthoughTheStreamEndsByItself(string chunk, string detail)
    {
        RequestOutcome outcome = Read(start: 0, (10, Text), (20, chunk), (30, "[DONE]"));

        Assert.Equal((OutcomeKind.Failed, "error event", detail), (outcome.Kind, outcome.Fault, outcome.Detail));
    }

    [Theory]
    [InlineData("TTFT:30", true)]
    [InlineData("ttft:29.9", false)]
    [InlineData("tpot:10 ttft:30 e2e:90", true)]
    [InlineData("tpot:9 ttft:30 e2e:90", false)]
    [InlineData("e2e:89", false)]
    public void IsMet_KnownOutcome_ComparesEachTarget(string targets, bool isMet)
    {
        RequestOutcome outcome = Read(start: 0, (30, Text), (90, """{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7}}"""), (90, "[DONE]"));
        Assert.True(Goodput.TryParse(targets.Split(' '), out Goodput? goodput, out _));

        Assert.Equal(isMet, goodput!.IsMet(outcome));
        Assert.False(goodput.IsMet(outcome with { Kind = OutcomeKind.Failed }));
    }

    [Fact]
    public void Of_Rounds_CountsAndRates()
    {
        RequestOutcome good = Read(start: 0, (10, Text), (30, """{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5}}"""), (30, "[DONE]"));
        RequestOutcome slow = Read(start: 0, (500, Text), (500, """{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":1}}"""), (500, "[DONE]"));
        RequestOutcome failed = Read(start: 0, (10, Text)), refused = failed with { Kind = OutcomeKind.Refused, Fault = "HTTP 503" };
        LoadRound[] rounds = [new([good, slow, failed], Seconds: 2), new([good, good, refused, failed, failed], Seconds: 4)];

        ServeResult result = ServeResult.Of(new Uri("http://x"), "m", new LoadShape(1, null), rounds, new Goodput(200, null, null));

        Assert.Equal((8, 4, 3, 1, 0), (result.Sent, result.Completed, result.Failed, result.Refused, result.Interrupted));
        Assert.Equal([("cut stream", false, 3), ("HTTP 503", true, 1)], result.Errors.Select(error => (error.Fault, error.IsRefusal, error.Count)));
        Assert.Equal((80, 16), (result.PromptTokens, result.OutputTokens));
        Assert.Equal((0.5, 1.0), (result.RequestsPerS!.Min, result.RequestsPerS.Max)); // 2 in 4 s, 2 in 2 s
        Assert.Equal((2.5, 3.0), (result.OutputTokensPerS!.Min, result.OutputTokensPerS.Max)); // 10 in 4 s, 6 in 2 s
        Assert.Equal((0.5, 0.5), (result.GoodRequestsPerS!.Min, result.GoodRequestsPerS.Max));
        Assert.Equal((4, 4), (result.TtftMs!.Count, result.EndToEndMs!.Count));
    }

    [Fact]
    public void Of_TwoServers_GivesTheRatioOfMediansAndItsSpread()
    {
        ServerComparison comparison = ServerComparison.Of(new LoadShape(2, null), [Round(10), Round(20), Round(60)], [Round(40), Round(20), Round(10)])!;

        Assert.Equal(3, comparison.Pairs);
        Assert.Equal(new ServerRatio(1, 0.25, 6), comparison.TtftMs);
        Assert.Null(ServerComparison.Of(new LoadShape(2, null), [Round(10)], []));

        static LoadRound Round(int ttft) => new([Read(start: 0, (ttft, Text), (100, "[DONE]"))], Seconds: 1);
    }

    private const string Text = """{"choices":[{"text":"x"}]}""";

    /// <summary>A stream whose events come at moments in milliseconds.</summary>
    private static RequestOutcome Read(int start, params (int At, string Data)[] events)
    {
        StreamReading reading = new(Ticks(start));
        foreach ((int at, string data) in events) reading.Take(Encoding.UTF8.GetBytes(data), Ticks(at));
        return reading.End(Ticks(events[^1].At + 1000));

        static long Ticks(int milliseconds) => 1_000_000 + (milliseconds * Stopwatch.Frequency / 1000);
    }
}
