using Llama.Server.Web.Settings;

namespace Llama.Server.Configuration;

/// <summary>The sections of the server's settings.</summary>
internal static class ServerSections
{
    public static (string Name, Type Type)[] All { get; } =
    [
        ("Model", typeof(ModelSettings)), ("Scheduler", typeof(SchedulerSettings)), ("Server", typeof(ServerSettings)), ("Auth", typeof(AuthSettings)), ("RateLimits", typeof(RateLimitsSettings)),
    ];

    public static SettingNames Names { get; } = new(All);
}
