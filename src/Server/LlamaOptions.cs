namespace Llama.Server;

/// <summary>How an application hosts the engine.</summary>
public sealed class LlamaOptions
{
    /// <summary>
    /// Section of the application's configuration that holds the settings, so that <c>Model:Path</c> lies at <c>Llama:Model:Path</c>; empty for the root. Below it stand
    /// the sections <c>Model</c>, <c>Scheduler</c>, <c>Server</c>, <c>Auth</c> and <c>RateLimits</c>. What is wrong there fails the host's start, all of it in one message.
    /// </summary>
    public string ConfigurationSection { get; set; } = "Llama";

    /// <summary>Settings given in code, by their keys below the section, such as <c>Model:Path</c>. They win over the configuration.</summary>
    public IDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the application stops when the model cannot be loaded or its engine dies. By default it goes on: the failure is logged, health says <c>failed</c>, and
    /// requests are told the reason (status 503).
    /// </summary>
    public bool StopHostOnFailure { get; set; }
}
