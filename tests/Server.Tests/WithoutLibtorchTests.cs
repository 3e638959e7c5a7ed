using System.Net.Http.Json;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>The server in a process of its own, on fused kernels: it loads no libtorch, whatever form the weights have.</summary>
public sealed class WithoutLibtorchTests
{
    [Theory]
    [InlineData("auto", "auto")]
    [InlineData("int4-g32", "int8")]
    public async Task Serve_FusedKernels_LoadsNoLibtorch(string dtype, string kvDtype)
    {
        using ServerProcess server = new([$"--Model:Dtype={dtype}", $"--Model:KvDtype={kvDtype}", "--Model:Deterministic=true"]); // by rows alone, also where large products are torch's
        using HttpClient client = await server.ConnectAsync();
        await server.FindAsync("libtorch not loaded");

        using HttpResponseMessage answer = await client.PostAsJsonAsync("/v1/completions", new { model = "llama-2-wordnet-8m", prompt = "What is a giraffe?", max_tokens = 8 });

        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        Assert.DoesNotContain(await File.ReadAllLinesAsync($"/proc/{server.Id}/maps"), line => line.Contains("torch_cpu", StringComparison.Ordinal));
    }
}
