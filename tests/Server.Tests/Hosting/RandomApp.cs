using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Server.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests.Hosting;

/// <summary>The real server over a real Llama of random weights, the smallest that there is: it says nothing sensible, and must keep to what is asked all the same.</summary>
internal sealed class RandomApp : WebApplicationFactory<Program>
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-random-").FullName;

    public RandomApp()
    {
        File.Copy(Path.Combine(TestModel.Folder, "tokenizer.model"), Path.Combine(_folder, "tokenizer.model"));
        RandomCheckpoint.Write(_folder, Config, TensorDtype.F32, seed: 11);
    }

    private static LlamaConfig Config => new()
    {
        HiddenSize = 32,
        IntermediateSize = 48,
        LayerCount = 1,
        HeadCount = 2,
        KvHeadCount = 1,
        HeadDim = 16,
        VocabSize = TestModel.Tokenizer.VocabSize,
        ContextLength = 512,
        BosTokenId = TestModel.Tokenizer.BosId,
        EosTokenIds = [TestModel.Tokenizer.EosId!.Value],
    };

    /// <summary>A client of a server that is ready.</summary>
    public async Task<HttpClient> StartAsync()
    {
        HttpClient client = CreateClient();
        client.Timeout = Timeout.InfiniteTimeSpan;
        await Wait.Until(() => Services.GetRequiredService<EngineHost>().Checkpoint is not null);
        return client;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Model:Path", _folder);
        builder.UseSetting("Model:Name", TestModel.Name);
        builder.UseSetting("Model:Device", "cpu");
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}
