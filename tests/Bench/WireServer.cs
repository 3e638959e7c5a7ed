using System.Text.Json;
using Llama.Model;
using Llama.Model.Text;
using Llama.Server;
using Llama.Server.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Llama.Bench;

/// <summary>The real server over a model that costs nothing, with the bundled model's tokenizer. It answers each line of its input with what it has spent so far.</summary>
internal sealed class WireServer(int contextLength, double? stepsPerSecond) : WebApplicationFactory<LlamaOptions>
{
    private const string Text = "A giraffe is a tall animal of Africa with a very long neck: it feeds on leaves, walks in herds, and sleeps for less than an hour a day.";

    private CostlessRunner? _runner;

    /// <summary>Serves until its input ends. Writes its port first.</summary>
    public static async Task RunAsync(int contextLength, double? stepsPerSecond)
    {
        await using WireServer server = new(contextLength, stepsPerSecond);
        server.UseKestrel();
        using HttpClient client = server.CreateClient();
        while (!(await client.GetAsync("health/ready")).IsSuccessStatusCode) await Task.Delay(10);
        Console.WriteLine(client.BaseAddress!.Port);
        while (await Console.In.ReadLineAsync() is not null) Console.WriteLine(JsonSerializer.Serialize(server.Spent));
    }

    private WireCost Spent => new(GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime, _runner!.StepCount, _runner.EngineTime);

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Serilog:MinimumLevel:Default", "Warning");
        builder.UseSetting("Model:Name", "costless");
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.ConfigureTestServices(services => services.Replace(ServiceDescriptor.Singleton<LoadModel>(Load)));
    }

    private LoadedModel Load(ModelOptions options)
    {
        Tokenizer tokenizer = Tokenizer.Load(options.Path);
        int blockCount = 256 * (contextLength + options.BlockSize) / options.BlockSize;
        _runner = new CostlessRunner(new ModelLimits(tokenizer.VocabSize, contextLength, options.BlockSize, blockCount), tokenizer.Encode(Text), stepsPerSecond);
        return new LoadedModel(_runner, new ModelDescription("costless", "none", "none", "none"));
    }
}

/// <summary>What the server has spent since it started.</summary>
internal sealed record WireCost(long AllocatedBytes, TimeSpan Cpu, long Steps, TimeSpan Engine);
