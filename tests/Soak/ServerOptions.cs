using System.CommandLine;

namespace Llama.Soak;

/// <summary>Which server is tried; the same for all verbs.</summary>
internal static class ServerOptions
{
    public static Option<string?> Program { get; } = new("--server") { Description = "The server's program, say of a publish folder (default: the one built beside this)." };

    public static Option<int> Port { get; } = new("--port") { Description = "A free port on 127.0.0.1.", DefaultValueFactory = _ => 9200 };

    public static Option<int> Seed { get; } = new("--seed") { Description = "Chooses all that is sent.", DefaultValueFactory = _ => 1 };

    public static Option<string[]> Settings { get; } = new("--setting") { Description = "More settings of the server, as --setting Model:Kernels=plain.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
}
