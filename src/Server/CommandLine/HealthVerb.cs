using System.CommandLine;
using Llama.Server.Web.Hosting;

namespace Llama.Server.CommandLine;

/// <summary><c>health</c>: asks the server that runs here whether it is ready.</summary>
internal static class HealthVerb
{
    public static Command Command()
    {
        Option<string?> urls = new("--urls") { Description = "Where that server listens (default: as it reads it, from ASPNETCORE_URLS and the like)." };
        Command command = new("health", "Asks the server that runs on this machine whether it is ready; exit code 0 or 1. For a container's health check.") { urls };
        command.SetAction((parsed, _) =>
        {
            string[] args = parsed.GetValue(urls) is { } given ? [$"--urls={given}"] : [];
            return HealthProbe.RunAsync(ProgramBuilder.Create(args).Configuration, parsed.InvocationConfiguration.Output);
        });
        return command;
    }
}
