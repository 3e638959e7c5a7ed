using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests;

/// <summary>The README's code, run. What stands between the lines of comment is the README's, word for word; change both.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task Snippet_OfTheDoor_Runs()
    {
        string[] args = ["--Llama:Model:Path=" + TestModel.Folder, "--Llama:Model:Name=" + TestModel.Name, "--Logging:LogLevel:Default=None"];
        // README: in another application
        var builder = WebApplication.CreateBuilder(args);
        builder.AddLlama(); // settings lie under Llama: Llama:Model:Path, Llama__Model__Path, …
        builder.Services.AddLlamaChatClient((services, client) => client.AsBuilder().UseFunctionInvocation().Build(services));
        builder.Services.AddHostedService<Sorter>();
        // README: end
        builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>(new TestModel().Load));
        var sorted = new TaskCompletionSource<Ticket>();
        builder.Services.AddSingleton(sorted);
        builder.WebHost.UseTestServer();
        // README: in another application
        var app = builder.Build();
        app.MapGet("/ask", async (string question, IChatClient chat) => (await chat.GetResponseAsync(question)).Text);
        app.MapOpenAI("/llm"); // returns what RequireAuthorization, RequireRateLimiting, RequireCors … take
        app.MapLlamaHealth("/llm/health");
        app.MapLlamaMetrics("/llm/metrics");
        app.MapLlamaPages("/llm"); // the chat at /llm/, the engine at work at /llm/engine
        // README: end
        await app.StartAsync();
        HttpClient client = app.GetTestClient();

        Assert.NotEmpty(await client.GetStringAsync("/ask?question=Who"));
        Assert.True((await client.PostAsync("/llm/v1/chat/completions", TestApp.Chat("\"max_tokens\":3"))).IsSuccessStatusCode);
        Assert.True((await client.GetAsync("/llm/health/ready")).IsSuccessStatusCode);
        Assert.Contains("vllm:", await client.GetStringAsync("/llm/metrics"));
        Assert.True(Enum.IsDefined((await sorted.Task).Topic));
        await app.StopAsync();
        await app.DisposeAsync();
    }

    // README: in a worker
    public enum Topic { Billing, Delivery, Other }

    public sealed record Ticket(Topic Topic, bool IsUrgent);

    private sealed class Sorter(IChatClient chat, ILogger<Sorter> logger, TaskCompletionSource<Ticket> sorted) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stopping)
        {
            // The first call waits until the model is ready; the answer is a Ticket for any model.
            ChatResponse<Ticket> answer = await chat.GetResponseAsync<Ticket>("Sort this: my parcel is late.", cancellationToken: stopping);
            logger.LogInformation("{Topic}, urgent: {IsUrgent}", answer.Result.Topic, answer.Result.IsUrgent);
            // README: end
            sorted.SetResult(answer.Result);
        }
    }
}
