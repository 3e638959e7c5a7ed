namespace Llama.Server.Web.Hosting;

/// <summary>Something to do at one moment of the host's life. Whoever derives from this overrides that moment; nothing is done at the others.</summary>
internal abstract class HostMoments : IHostedLifecycleService
{
    /// <summary>The server listens, and a port chosen by the system is known; nobody who waits for <see cref="IHostApplicationLifetime.ApplicationStarted"/> has been told.</summary>
    public virtual Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host has been told to stop, and the server still listens.</summary>
    public virtual Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
