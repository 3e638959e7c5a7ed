using Llama.Server.Web.Hosting;

namespace Llama.Server.Hosting;

/// <summary>Runs the server to its end.</summary>
internal static class ServerRun
{
    /// <summary>0 when the server ended as asked; 1 when its settings or address were wrong, the model could not be loaded or the engine died.</summary>
    public static Task<int> RunToExitCodeAsync(this WebApplication app)
    {
        EngineHost engine = app.Services.GetRequiredService<EngineHost>();
        return app.RunToExitCodeAsync(() => engine.HasFailed);
    }
}
