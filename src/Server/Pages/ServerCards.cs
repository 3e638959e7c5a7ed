using Llama.Server.Auth;
using Llama.Server.Health;
using Llama.Server.Hosting;

namespace Llama.Server.Pages;

/// <summary>Makes the <see cref="ServerCard"/> of this moment.</summary>
internal sealed class ServerCards(EngineHost host, ModelIdentity identity, Heartbeat heart, ApiKeys keys, IEnumerable<DescriptionPage> descriptions)
{
    /// <param name="root">Path that the pages lie under, with a slash at its end.</param>
    public ServerCard At(string root) => new(
        "server", ServerVersion.Number, heart.Status, identity.Name, host.Checkpoint?.ContextLength, !keys.AreOpen, Defaults(host.Checkpoint?.Defaults), Links(root));

    private static SamplingDefaults? Defaults(GenerationDefaults? defaults) =>
        defaults is null ? null : new SamplingDefaults(defaults.Temperature, defaults.TopP, defaults.TopK, defaults.RepetitionPenalty);

    private Dictionary<string, string> Links(string root)
    {
        var links = new Dictionary<string, string>
        {
            ["chat_completions"] = root + "v1/chat/completions",
            ["models"] = root + "v1/models",
            ["engine"] = root + "engine",
            ["engine_events"] = root + "engine/events",
        };
        if (descriptions.FirstOrDefault() is { } description)
            links["swagger"] = root + description.Path;
        return links;
    }
}
