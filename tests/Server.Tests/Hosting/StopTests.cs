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
}
