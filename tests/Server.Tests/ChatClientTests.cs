using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests;

/// <summary>The engine as an <see cref="IChatClient"/> of the process that hosts it.</summary>
public sealed class ChatClientTests
{
    private const string Reply = "A giraffe is a tall animal.";

    private static readonly ChatMessage[] Question = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "What is a giraffe?")];

    [Fact]
    public async Task GetResponse_Whole_GivesAnswerAndUsage()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        await foreign.StartAsync();

        ChatResponse first = await foreign.Chat.GetResponseAsync(Question), again = await foreign.Chat.GetResponseAsync(Question);

        Assert.Equal((Reply, ChatFinishReason.Stop, TestModel.Name), (first.Text, first.FinishReason, first.ModelId));
        Assert.Equal(ChatRole.Assistant, Assert.Single(first.Messages).Role);
        Assert.StartsWith("chatcmpl-", first.ResponseId);
        Assert.Equal(first.ResponseId, first.Messages[0].MessageId);
        Assert.NotEqual(first.ResponseId, again.ResponseId);
        Assert.NotNull(first.CreatedAt);
        Assert.Equal(TestModel.Tokenizer.Encode(Reply).Length + 1, first.Usage!.OutputTokenCount);
        Assert.Equal(first.Usage.InputTokenCount + first.Usage.OutputTokenCount, first.Usage.TotalTokenCount);
        Assert.Equal(0, first.Usage.CachedInputTokenCount);
        Assert.True(again.Usage!.CachedInputTokenCount > 0);
    }

    [Fact]
    public async Task GetResponse_WhereHttpHasKeysAndLimits_IsAskedForNoKeyAndNotLimited()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply }, llama => (llama.Settings["Auth:ApiKeys:0"], llama.Settings["RateLimits:RequestsPerMinute"]) = ("right", "1"));
        HttpClient client = await foreign.StartReadyAsync();

        Assert.Equal((401, 200, 429), (await AskAsync("wrong"), await AskAsync("right"), await AskAsync("right")));
        for (int i = 0; i < 3; i++) Assert.Equal(Reply, (await foreign.Chat.GetResponseAsync(Question)).Text);

        async Task<int> AskAsync(string key) =>
            (int)(await client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/llm/v1/chat/completions") { Content = TestApp.Chat(), Headers = { { "Authorization", $"Bearer {key}" } } })).StatusCode;
    }

    [Fact]
    public async Task GetStreamingResponse_PutTogether_IsTheWholeAnswer()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        await foreign.StartAsync();

        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in foreign.Chat.GetStreamingResponseAsync(Question))
            updates.Add(update);
        ChatResponse answer = updates.ToChatResponse();

        Assert.True(updates.Count > 3);
        Assert.Equal((Reply, ChatFinishReason.Stop, TestModel.Name), (answer.Text, answer.FinishReason, answer.ModelId));
        Assert.Single(answer.Messages);
        Assert.Equal(TestModel.Tokenizer.Encode(Reply).Length + 1, answer.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task GetResponse_SameRequest_AnswersAsOverHttp()
    {
        await using var foreign = new ForeignApp(new TestModel());
        HttpClient client = await foreign.StartReadyAsync();
        var options = new ChatOptions { Seed = 7, Temperature = 0.8f, MaxOutputTokens = 12, AdditionalProperties = new() { ["ignore_eos"] = true } };

        ChatResponse here = await foreign.Chat.GetResponseAsync([new(ChatRole.User, "What is a giraffe?")], options);
        HttpResponseMessage there = await client.PostAsync(
            "/llm/v1/chat/completions", TestApp.Chat("\"seed\":7,\"temperature\":0.8,\"max_tokens\":12,\"ignore_eos\":true"));

        Assert.Equal((string?)(await TestApp.ReadJsonAsync(there))["choices"]![0]!["message"]!["content"], here.Text);
        Assert.Equal(ChatFinishReason.Length, here.FinishReason);
    }

    [Fact]
    public async Task GetResponse_WhileLoading_WaitsForTheModel()
    {
        using var loaded = new ManualResetEventSlim();
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply, OnLoad = loaded.Wait });
        await foreign.StartAsync();
        using var leave = new CancellationTokenSource();

        Task<ChatResponse> patient = foreign.Chat.GetResponseAsync(Question), impatient = foreign.Chat.GetResponseAsync(Question, cancellationToken: leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(patient.IsCompleted);
        loaded.Set();

        Assert.Equal(Reply, (await patient).Text);
    }

    [Fact]
    public async Task GetResponse_FromAServiceThatStarts_DoesNotWaitForItself()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        var asked = new AsksWhenStarted();
        foreign.Builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => asked.With(provider.GetRequiredService<IChatClient>())));

        await foreign.StartAsync();

        Assert.Equal(Reply, asked.Answer);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_WhileAnswering_FreesItsBlocks(bool isStreamed)
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var foreign = new ForeignApp(new TestModel { OnStep = slow.OnStep });
        await foreign.StartReadyAsync();
        using var leave = new CancellationTokenSource();

        Task answer = isStreamed ? ReadAsync(foreign.Chat, leave.Token) : foreign.Chat.GetResponseAsync(Question, cancellationToken: leave.Token);
        await Wait.Until(() => foreign.Engine.Snapshot.RunningCount == 1);
        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await Wait.Until(() => foreign.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });
        slow.IsSlow = false;
    }

    [Fact]
    public async Task Stream_LeftEarly_FreesItsBlocks()
    {
        using var slow = new SlowModel { IsSlow = true };
        await using var foreign = new ForeignApp(new TestModel { OnStep = slow.OnStep });
        await foreign.StartReadyAsync();

        await foreach (ChatResponseUpdate _ in foreign.Chat.GetStreamingResponseAsync(Question))
            break;

        await Wait.Until(() => foreign.Engine.Snapshot is { RunningCount: 0, UsedBlockCount: 0 });
        slow.IsSlow = false;
    }

    [Fact]
    public async Task Worker_BesideHttpStreams_SharesTheQueue()
    {
        using var slow = new SlowModel();
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply, OnStep = slow.OnStep }, llama => llama.Settings["Scheduler:MaxSequences"] = "1");
        var worker = new Worker();
        foreign.Builder.Services.AddSingleton<IHostedService>(provider => worker.With(provider.GetRequiredService<IChatClient>()));
        HttpClient client = await foreign.StartReadyAsync();
        slow.HoldAt = foreign.Engine.Snapshot.StepCount + 2;

        Task<HttpResponseMessage> stream = client.PostAsync("/llm/v1/chat/completions", TestApp.Chat("\"stream\":true"));
        await Wait.Until(() => slow.IsHolding);
        worker.Ask();
        await Wait.Until(() => foreign.Engine.Snapshot is { RunningCount: 1, WaitingCount: 1 });
        slow.Release();

        Assert.Equal(Reply, (await SseTranscript.ReadAsync(await stream)).Text());
        Assert.Equal(Reply, await worker.Answer);
    }

    [Fact]
    public async Task GetResponse_BadValue_ThrowsWhatHttpWouldSay()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        HttpClient client = await foreign.StartReadyAsync();

        LlamaException temperature = await RefusedAsync(foreign, new ChatOptions { Temperature = 3 });
        LlamaException model = await RefusedAsync(foreign, new ChatOptions { ModelId = "gpt-99" });
        LlamaException length = await RefusedAsync(foreign, new ChatOptions { MaxOutputTokens = 512 });
        LlamaException unknown = await RefusedAsync(foreign, new ChatOptions { AdditionalProperties = new() { ["min_q"] = 1 } });
        LlamaException twice = await RefusedAsync(foreign, new ChatOptions { TopK = 5, AdditionalProperties = new() { ["top_k"] = 6 } });
        LlamaException toolless = await RefusedAsync(foreign, new ChatOptions { ToolMode = ChatToolMode.RequireSpecific("weather") });
        LlamaException many = await RefusedAsync(foreign, new ChatOptions { AdditionalProperties = new() { ["n"] = 2 } });
        HttpResponseMessage http = await client.PostAsync("/llm/v1/chat/completions", TestApp.Chat("\"temperature\":3"));

        Assert.Equal((400, "invalid_value", "temperature"), (temperature.Status, temperature.Code, temperature.Param));
        Assert.Equal((string?)(await TestApp.ReadJsonAsync(http))["error"]!["message"], temperature.Message);
        Assert.Equal((404, "model_not_found", "model"), (model.Status, model.Code, model.Param));
        Assert.Equal((400, "context_length_exceeded", "messages"), (length.Status, length.Code, length.Param));
        Assert.Equal((400, "unknown_parameter", "min_q"), (unknown.Status, unknown.Code, unknown.Param));
        Assert.Equal((400, "invalid_value", "top_k"), (twice.Status, twice.Code, twice.Param));
        Assert.Equal((400, "invalid_value", "tool_choice"), (toolless.Status, toolless.Code, toolless.Param));
        Assert.Equal((400, "unsupported_parameter", "n"), (many.Status, many.Code, many.Param));
    }

    [Fact]
    public async Task GetResponse_StepThatFails_ThrowsInternalError()
    {
        var fails = false;
        await using var foreign = new ForeignApp(new TestModel { OnStep = _ => _ = Volatile.Read(ref fails) ? throw new InvalidOperationException("secret") : 0 });
        await foreign.StartReadyAsync();
        Volatile.Write(ref fails, true);

        LlamaException thrown = await RefusedAsync(foreign, new ChatOptions());

        Assert.Equal((500, "internal_error"), (thrown.Status, thrown.Code));
        Assert.DoesNotContain("secret", thrown.Message);
    }

    [Fact]
    public async Task GetResponse_QueueFull_SaysWhenToComeAgain()
    {
        using var slow = new SlowModel();
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply, OnStep = slow.OnStep }, llama =>
        {
            llama.Settings["Scheduler:MaxSequences"] = "1";
            llama.Settings["Scheduler:MaxQueueLength"] = "1";
        });
        await foreign.StartReadyAsync();
        slow.HoldAt = foreign.Engine.Snapshot.StepCount + 1;
        Task<ChatResponse> running = foreign.Chat.GetResponseAsync(Question);
        await Wait.Until(() => slow.IsHolding);
        Task<ChatResponse> waiting = foreign.Chat.GetResponseAsync(Question);
        await Wait.Until(() => foreign.Engine.Snapshot.WaitingCount == 1);

        LlamaException refused = await RefusedAsync(foreign, new ChatOptions());
        slow.Release();

        Assert.Equal((503, "server_overloaded"), (refused.Status, refused.Code));
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        Assert.Equal([Reply, Reply], [(await running).Text, (await waiting).Text]);
    }

    [Fact]
    public async Task GetService_KnownTypes_AreGiven()
    {
        await using var foreign = new ForeignApp(new TestModel());
        await foreign.StartAsync();
        var metadata = (ChatClientMetadata)foreign.Chat.GetService(typeof(ChatClientMetadata))!;

        Assert.Equal((TestModel.Name, "llama"), (metadata.DefaultModelId, metadata.ProviderName));
        Assert.Same(foreign.Chat, foreign.Chat.GetService(typeof(IChatClient)));
        Assert.Null(foreign.Chat.GetService(typeof(IChatClient), "some key"));
        Assert.Null(foreign.Chat.GetService(typeof(HttpClient)));
    }

    [Fact]
    public async Task Log_OfARequest_IsOneLineWithoutText()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        var log = new LogLines();
        foreign.Builder.Logging.AddProvider(log);
        await foreign.StartReadyAsync();

        ChatResponse answer = await foreign.Chat.GetResponseAsync(Question);
        await RefusedAsync(foreign, new ChatOptions { Temperature = 3 });

        string[] lines = log.Of("Llama.Server.Client.LlamaChatClient");
        Assert.Equal(2, lines.Length);
        Assert.Contains(answer.ResponseId!, lines[0]);
        Assert.EndsWith("400 invalid_value", lines[1]);
        Assert.DoesNotContain(lines, line => line.Contains("giraffe"));
    }

    [Fact]
    public async Task Decorated_ByThePipelinesOfMicrosoftExtensionsAI_Answers()
    {
        await using var foreign = new ForeignApp(new TestModel { Reply = Reply });
        foreign.Builder.Services.AddLlamaChatClient(
            (provider, client) => client.AsBuilder().UseFunctionInvocation().UseOpenTelemetry().UseLogging().Build(provider), serviceKey: "decorated");
        await foreign.StartAsync();

        IChatClient decorated = foreign.App.Services.GetRequiredKeyedService<IChatClient>("decorated");

        Assert.Equal(Reply, (await decorated.GetResponseAsync(Question)).Text);
        Assert.NotSame(foreign.Chat, decorated);
    }

    [Fact]
    public async Task Worker_WithoutAWebServer_HasTheClientToo()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Llama:Model:Path", TestModel.Folder)]);
        builder.AddLlama().Services.AddLlamaChatClient();
        builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>(new TestModel { Reply = Reply }.Load));
        using IHost host = builder.Build();
        await host.StartAsync();

        Assert.Equal(Reply, (await host.Services.GetRequiredService<IChatClient>().GetResponseAsync(Question)).Text);
        await host.StopAsync();

        LlamaException late = await Assert.ThrowsAsync<LlamaException>(() => host.Services.GetRequiredService<IChatClient>().GetResponseAsync(Question));
        Assert.Equal((503, "server_unavailable"), (late.Status, late.Code));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Host_DisposedWithoutBeingStopped_EndsItsEngine(bool isLoading)
    {
        using var loaded = new ManualResetEventSlim();
        using var slow = new SlowModel { IsSlow = true };
        var foreign = new ForeignApp(new TestModel { OnStep = slow.OnStep, OnLoad = () => { if (isLoading) loaded.Wait(); } });
        await (isLoading ? foreign.StartAsync() : foreign.StartReadyAsync());
        await Wait.Until(() => foreign.App.Services.GetRequiredService<EngineHost>().Engine is not null);
        Engine engine = foreign.Engine;
        IChatClient chat = foreign.Chat;
        Task<ChatResponse> underWay = chat.GetResponseAsync(Question);
        await Wait.Until(() => isLoading || engine.Snapshot.RunningCount == 1);

        await foreign.App.DisposeAsync();
        loaded.Set();
        slow.IsSlow = false;

        await Wait.Until(() => engine.Completion.IsCompleted); // one that is loaded now finds that the host's meters are gone
        await AssertUnavailableAsync(underWay);
        await AssertUnavailableAsync(chat.GetResponseAsync(Question));
    }

    [Fact]
    public async Task GetResponse_HostThatIsDisposedAndNeverStarted_IsNotWaitedForForEver()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Llama:Model:Path", TestModel.Folder)]);
        builder.AddLlama().Services.AddLlamaChatClient();
        IHost host = builder.Build();
        Task<ChatResponse> early = host.Services.GetRequiredService<IChatClient>().GetResponseAsync(Question);
        Assert.False(early.IsCompleted);

        host.Dispose();

        await AssertUnavailableAsync(early);
    }

    private static async Task AssertUnavailableAsync(Task call)
    {
        LlamaException thrown = await Assert.ThrowsAsync<LlamaException>(() => call);
        Assert.Equal((503, "server_unavailable"), (thrown.Status, thrown.Code));
    }

    private static Task<LlamaException> RefusedAsync(ForeignApp foreign, ChatOptions options) =>
        Assert.ThrowsAsync<LlamaException>(() => foreign.Chat.GetResponseAsync(Question, options));

    private static async Task ReadAsync(IChatClient chat, CancellationToken cancellation)
    {
        await foreach (ChatResponseUpdate _ in chat.GetStreamingResponseAsync(Question, cancellationToken: cancellation))
        {
        }
    }

    private sealed class AsksWhenStarted : IHostedService
    {
        private IChatClient? _chat;

        public string? Answer { get; private set; }

        public AsksWhenStarted With(IChatClient chat)
        {
            _chat = chat;
            return this;
        }

        public async Task StartAsync(CancellationToken cancellationToken) => Answer = (await _chat!.GetResponseAsync(Question, cancellationToken: cancellationToken)).Text;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Worker : BackgroundService
    {
        private readonly TaskCompletionSource _asked = new();
        private readonly TaskCompletionSource<string> _answer = new();
        private IChatClient? _chat;

        public Task<string> Answer => _answer.Task;

        public Worker With(IChatClient chat)
        {
            _chat = chat;
            return this;
        }

        public void Ask() => _asked.SetResult();

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await _asked.Task.WaitAsync(stoppingToken);
            _answer.SetResult((await _chat!.GetResponseAsync(Question, cancellationToken: stoppingToken)).Text);
        }
    }
}
