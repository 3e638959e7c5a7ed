using System.Net;
using System.Text.Json;
using Llama.Model;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>What tokens cost on their way from the engine to a real socket, with a model that costs nothing. What they may cost is written in budgets.json.</summary>
[Collection(nameof(Alone))]
public sealed class WireTests
{
    private const string Completion = """{"model":"tiny","prompt":"Once","ignore_eos":true,"stream":true,"max_tokens":""";
    private const string Chat = """{"model":"tiny","messages":[{"role":"user","content":"Once"}],"ignore_eos":true,"stream":true,"max_tokens":""";

    /// <summary>Tokens that come one by one, and those that the connection is behind with, as all are when a model takes no time.</summary>
    [Theory]
    [InlineData("/v1/completions", Completion, 1000.0)]
    [InlineData("/v1/completions", Completion, null)]
    [InlineData("/v1/chat/completions", Chat, 1000.0)]
    [InlineData("/v1/chat/completions", Chat, null)]
    public async Task Streams_Warm_StayWithinTheirBudget(string path, string body, double? stepsPerSecond)
    {
        const int StreamCount = 64, TokenCount = 2000, WindowCount = 8;
        await using TestApp app = Start(TokenCount, stepsPerSecond);
        IPEndPoint server = await AddressAsync(app);
        using SseSockets streams = new(server, path, $"{body}{TokenCount}}}", StreamCount);

        var reader = new Thread(streams.ReadToEnd);
        reader.Start();
        var bytesPerToken = new double[WindowCount];
        for (int window = 0; window < WindowCount; window++)
        {
            (long events, long bytes) = (streams.EventCount, GC.GetTotalAllocatedBytes());
            long end = (window + 1L) * StreamCount * TokenCount / (WindowCount + 1); // the last part is left out: streams end in it
            Assert.True(SpinWait.SpinUntil(() => streams.EventCount >= end, Wait.Patience)); // allocates nothing meanwhile
            bytesPerToken[window] = (double)(GC.GetTotalAllocatedBytes() - bytes) / Math.Max(1, streams.EventCount - events);
        }
        reader.Join();

        Assert.All(streams.EventCounts, count => Assert.InRange(count, TokenCount, TokenCount + 3)); // the role, the ending and [DONE]
        // Requests begin in the first window, and code is compiled anew in others: what every token costs shows in all.
        // Of tokens that the connection is behind with Kestrel's own buffers take some bytes, the more the later it is scheduled.
        Assert.InRange((long)bytesPerToken.Min(), 0, BudgetOf(stepsPerSecond is null ? "allocatedBytesPerTokenBehind" : "allocatedBytesPerStreamedToken"));
    }

    /// <summary>A client that does not read fills the buffers of its socket. What it has not read takes no more memory, and it finds all of it when it comes back.</summary>
    [Fact]
    public async Task Client_DoesNotRead_CostsItsSocketsBuffersAndHoldsUpNobody()
    {
        const int TokenCount = 30_000, AsleepCount = 8;
        await using TestApp app = Start(TokenCount);
        IPEndPoint server = await AddressAsync(app);
        long before = GC.GetTotalAllocatedBytes(precise: true);

        using SseSockets asleep = new(server, "/v1/completions", $"{Completion}{TokenCount}}}", AsleepCount);
        using SseSockets awake = new(server, "/v1/completions", $"{Completion}{TokenCount}}}", AsleepCount);
        awake.ReadToEnd();
        await Wait.Until(() => app.Engine.Snapshot is { RunningCount: 0, WaitingCount: 0 }); // nor does the engine wait for anybody
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        asleep.ReadToEnd();

        Assert.All([.. awake.EventCounts, .. asleep.EventCounts], count => Assert.Equal(TokenCount + 2, count));
        Assert.InRange(allocated, 0, asleep.ByteCount / 4);
    }

    private static TestApp Start(int tokenCount, double? stepsPerSecond = null) => new()
    {
        Settings = { ["Scheduler:PrefixCache"] = "false" }, // it grows with what was generated
        Model = options =>
        {
            var limits = new ModelLimits(TestModel.Tokenizer.VocabSize, tokenCount + 64, options.BlockSize, BlockCount: 64 * (tokenCount + 64) / options.BlockSize);
            int[] words = TestModel.Tokenizer.Encode("a tall animal of Africa with a very long neck");
            return new LoadedModel(new CostlessRunner(limits, words, stepsPerSecond), new ModelDescription("costless", "none", "none", "none"));
        },
    };

    private static async Task<IPEndPoint> AddressAsync(TestApp app)
    {
        app.UseKestrel();
        HttpClient client = await app.StartAsync();
        return new IPEndPoint(IPAddress.Loopback, client.BaseAddress!.Port);
    }

    private static long BudgetOf(string name) =>
        JsonSerializer.Deserialize<Dictionary<string, long>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "budgets.json")))![name];
}
