using System.Diagnostics;
using System.Net.Http.Json;

namespace Llama.Server.Tests;

/// <summary>The server in a process of its own, on fused kernels: it loads no libtorch, whatever form the weights have.</summary>
public sealed class WithoutLibtorchTests
{
    [Theory]
    [InlineData("auto", "auto")]
    [InlineData("int4-g32", "int8")]
    public async Task Serve_FusedKernels_LoadsNoLibtorch(string dtype, string kvDtype)
    {
        using Process server = Start($"--Model:Dtype={dtype}", $"--Model:KvDtype={kvDtype}", "--Model:Device=cpu", "--Model:Deterministic=true"); // by rows alone, also where large products are torch's
        try
        {
            string address = (await FindAsync(server, "Listening on ")).Split(' ')[0];
            await FindAsync(server, "libtorch not loaded");
            using HttpClient client = new() { BaseAddress = new Uri(address) };
            using HttpResponseMessage answer = await client.PostAsJsonAsync("/v1/completions", new { model = "llama-2-wordnet-8m", prompt = "What is a giraffe?", max_tokens = 8 });
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            Assert.DoesNotContain(await File.ReadAllLinesAsync($"/proc/{server.Id}/maps"), line => line.Contains("torch_cpu", StringComparison.Ordinal));
        }
        finally
        {
            server.Kill();
        }
    }

    private static Process Start(params string[] settings) => Process.Start(new ProcessStartInfo("dotnet",
        ["exec", "--runtimeconfig", Beside("Llama.Server.Tests.runtimeconfig.json"), "--depsfile", Beside("Llama.Server.Tests.deps.json"), Beside("Llama.Server.dll"), "--urls", "http://127.0.0.1:0", .. settings])
    {
        RedirectStandardOutput = true,
    })!;

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);

    /// <summary>What follows a text in the process' output.</summary>
    private static async Task<string> FindAsync(Process process, string text)
    {
        List<string> lines = [];
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.IndexOf(text, StringComparison.Ordinal) is int at and >= 0) return line[(at + text.Length)..];
        }
        Assert.Fail($"The server ended without saying '{text}': {string.Join('\n', lines)}");
        return "";
    }
}
