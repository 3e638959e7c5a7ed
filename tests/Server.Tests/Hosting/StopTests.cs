using Llama.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Llama.Server.Tests.Hosting;

public sealed class StopTests
{
    [Fact]
    public async Task Stop_ModelIsStillBeingLoaded_DoesNotWaitForIt()
    {
        using var isLoaded = new ManualResetEventSlim();
        var isLoading = new TaskCompletionSource();
        WebApplicationBuilder builder = WebApplication.CreateBuilder(["--Llama:Model:Path=" + TestModel.Folder, "--Logging:LogLevel:Default=None"]);
        builder.AddLlama();
        builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>(options =>
        {
            isLoading.SetResult();
            isLoaded.Wait();
            return new TestModel().Load(options);
        }));
        builder.WebHost.UseTestServer();
        await using WebApplication app = builder.Build();
        await app.StartAsync();
        await isLoading.Task;

        await app.StopAsync(); // throws when it has waited for as long as a host does
        isLoaded.Set();
    }

    [Fact]
    public async Task Stop_WarmUpFailsForIt_IsNoFailure()
    {
        using var model = new SlowModel();
        await using var app = new TestApp { OnStep = step => { model.OnStep(step); throw new InvalidOperationException("stopped"); } };
        model.HoldAt = 1;
        EngineHost host = app.Services.GetRequiredService<EngineHost>();
        await TestApp.Until(() => model.IsHolding);

        Task stopping = host.StoppingAsync(CancellationToken.None);
        model.Release();
        await stopping;
        await host.ExecuteTask!;

        Assert.False(host.HasFailed);
    }
}
