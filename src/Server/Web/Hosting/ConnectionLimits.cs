using System.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Llama.Server.Web.Hosting;

/// <summary>Section <c>Kestrel:Limits</c>: how long, and for how much, the web server waits. It leaves that section to each program, and passes over it where none reads it.</summary>
internal static class ConnectionLimits
{
    private const string Server = "Kestrel", Section = $"{Server}:Limits";

    private static readonly string[] SectionsOfServer = ["Certificates", "EndpointDefaults", "Endpoints", "Limits"];

    // What is wrong is told later, with all other faults.
    public static void AddConnectionLimits(this IServiceCollection services) => services.AddOptions<KestrelServerOptions>().Configure<IConfiguration>((kestrel, settings) =>
    {
        foreach (IConfigurationSection limit in settings.GetSection(Section).GetChildren().Where(limit => Fault(limit) is null)) Alone(limit).Bind(kestrel.Limits);
    });

    /// <summary>All that is wrong with them, and with what stands beside them.</summary>
    public static IEnumerable<string> Faults(IConfiguration settings) =>
    [
        .. settings.GetSection(Server).GetChildren().Where(section => !SectionsOfServer.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            .Select(section => $"{section.Path} is not a setting; that section has {string.Join(", ", SectionsOfServer)}."),
        .. settings.GetSection(Section).GetChildren().Select(Fault).OfType<string>(),
    ];

    private static string? Fault(IConfigurationSection limit)
    {
        string[] names = [.. typeof(KestrelServerLimits).GetProperties().Select(property => property.Name).Order()];
        if (!names.Contains(limit.Key, StringComparer.OrdinalIgnoreCase)) return $"{limit.Path} is none of the limits {string.Join(", ", names)}.";
        try
        {
            Alone(limit).Bind(new KestrelServerLimits(), binder => binder.ErrorOnUnknownConfiguration = true);
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or TargetInvocationException)
        {
            return $"{limit.Path} {(limit.Value is { } value ? $"is '{value}' and " : "")}cannot be used ({exception.GetBaseException().Message.TrimEnd('.')}); times go as hh:mm:ss.";
        }
    }

    /// <summary>A section that holds this limit and no other.</summary>
    private static IConfigurationRoot Alone(IConfigurationSection limit) =>
        new ConfigurationBuilder().AddInMemoryCollection(limit.AsEnumerable().Select(pair => KeyValuePair.Create(pair.Key[(Section.Length + 1)..], pair.Value))).Build();
}
