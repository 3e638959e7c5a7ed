using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json.Nodes;
using Llama.Model;
using Llama.Model.Text;
using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenAI;

namespace Llama.Server.Tests.Hosting;

/// <summary>The real server over a model that says what a test wants it to, with a real tokenizer.</summary>
internal sealed class TestApp : WebApplicationFactory<Program>
{
    public const string ModelName = TestModel.Name;

    public static string Folder => TestModel.Folder;

    public static Tokenizer Tokenizer => TestModel.Tokenizer;

    /// <summary>The served folder, which may add a chat template and tokens to the default one.</summary>
    public string Checkpoint { get; init; } = Folder;

    /// <summary>What the model says, before it stops; null lets it draw from the context and never stop.</summary>
    public string? Reply { get; init; }

    public Action<long>? OnStep { get; init; }

    /// <summary>Runs while the model is loaded.</summary>
    public Action? OnLoad { get; init; }

    public int ContextLength { get; init; } = 512;

    /// <summary>Loads another model than <see cref="TestModel"/>.</summary>
    public Func<ModelOptions, LoadedModel>? Model { get; init; }

    public Dictionary<string, string> Settings { get; } = [];

    public TimeProvider? Clock { get; init; }

    /// <summary>A file that the log is written to as well, the message and the trace of each line.</summary>
    public string? LogPath { get; init; }

    public Engine Engine => Services.GetRequiredService<EngineHost>().Engine!;

    /// <summary>A client of a server that is ready.</summary>
    public async Task<HttpClient> StartAsync()
    {
        HttpClient client = CreateClient();
        client.Timeout = Timeout.InfiniteTimeSpan;
        await Wait.Until(() => Services.GetRequiredService<EngineHost>().Checkpoint is not null);
        return client;
    }

    /// <summary>OpenAI's own client of a server that is ready. It does not try again: a failure is what is to be seen.</summary>
    public async Task<OpenAIClient> ConnectAsync(string key = "any")
    {
        await StartAsync();
        return new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions
        {
            Endpoint = new Uri("http://localhost/v1"),
            Transport = new HttpClientPipelineTransport(CreateClient()),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        });
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    /// <summary>A chat request with more fields, given as the inside of a JSON object.</summary>
    public static StringContent Chat(string fields = "") =>
        Json($$"""{"model":"{{ModelName}}","messages":[{"role":"user","content":"What is a giraffe?"}]{{(fields.Length > 0 ? "," + fields : "")}}}""");

    public static async Task<JsonNode> ReadJsonAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Model:Path", Checkpoint);
        builder.UseSetting("Model:Name", ModelName);
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        // For tests on Kestrel. The factory's own way to choose a port comes too late when the program has been quick to start.
        builder.UseSetting("urls", "http://127.0.0.1:0");
        foreach ((string key, string value) in Settings)
            builder.UseSetting(key, value);
        if (LogPath is not null)
            builder.ConfigureAppConfiguration((_, configuration) => configuration.AddInMemoryCollection(LogTo(LogPath)));
        builder.ConfigureTestServices(services =>
        {
            services.Replace(ServiceDescriptor.Singleton<LoadModel>(Load));
            if (Clock is not null)
                services.Replace(ServiceDescriptor.Singleton(Clock));
        });
    }

    // Not by UseSetting: the factory sends each section to the program as a setting of its own, empty, and Serilog takes the empty word for the sink's name.
    private static Dictionary<string, string?> LogTo(string path) => new()
    {
        ["Serilog:Using:0"] = "Serilog.Sinks.File",
        ["Serilog:WriteTo:0:Name"] = "File",
        ["Serilog:WriteTo:0:Args:path"] = path,
        ["Serilog:WriteTo:0:Args:outputTemplate"] = "{Message:l}{Trace:l}{NewLine}",
    };

    private LoadedModel Load(ModelOptions options) => Model?.Invoke(options)
        ?? new TestModel { Checkpoint = Checkpoint, Reply = Reply, OnStep = OnStep, OnLoad = OnLoad, ContextLength = ContextLength }.Load(options);
}
