using Llama.Server.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

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
        await Wait.Until(() => model.IsHolding);

        Task stopping = host.StoppingAsync(CancellationToken.None);
        model.Release();
        await stopping;
        await host.ExecuteTask!;

        Assert.False(host.HasFailed);
    }

    [Fact]
    public async Task Stop_WatcherDoesNotRead_IsLetGo()
    {
        await using var app = new TestApp();
        await app.StartAsync();
        await using var stuck = new StuckStream();

        Task watching = app.Server.SendAsync(context =>
        {
            context.Request.Path = "/engine/events";
            context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(stuck));
            context.RequestAborted.Register(stuck.Break);
        });
        await Wait.Until(() => stuck.IsReached);
        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await Wait.Until(() => stuck.IsBroken);
        await Wait.Until(() => watching.IsCompleted); // however it ends
    }

    /// <summary>The connection of a client that does not read: what is written waits until the connection ends.</summary>
    private sealed class StuckStream : MemoryStream
    {
        private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isReached;

        /// <summary>Something is written.</summary>
        public bool IsReached => _isReached;

        public bool IsBroken => _broken.Task.IsCompleted;

        public void Break() => _broken.TrySetException(new IOException("The client is gone."));

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _isReached = true;
            await _broken.Task;
        }
    }
}
