using System.Reflection;

namespace Llama.Server.Hosting;

/// <summary>What this program was built as.</summary>
internal static class ServerVersion
{
    /// <summary>With the commit it was built from where that is known.</summary>
    public static string Full { get; } = typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The version alone.</summary>
    public static string Number { get; } = Full.Split('+')[0];
}
