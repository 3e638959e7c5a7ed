using System.CommandLine;

namespace Llama.Soak;

/// <summary><c>soak</c>: half an hour of everything.</summary>
internal static class SoakVerb
{
    public static Command Command()
    {
        Option<int> minutes = new("--minutes") { Description = "How long; the first five do not count.", DefaultValueFactory = _ => 30 };
        Option<int> clients = new("--clients") { Description = "Clients at once.", DefaultValueFactory = _ => 8 };
        Option<int> pause = new("--pause-ms") { Description = "Milliseconds between two requests of a client, on average.", DefaultValueFactory = _ => 50 };
        Command command = new("soak", "Steady load of every kind of request on one server. A line for each minute, then what must hold; exit code 1 when something does not.")
        {
            ServerOptions.Program, ServerOptions.Port, ServerOptions.Seed, ServerOptions.Settings, minutes, clients, pause,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new SoakPlan(
                parsed.GetValue(ServerOptions.Program),
                parsed.GetValue(ServerOptions.Port),
                parsed.GetValue(minutes),
                parsed.GetValue(clients),
                TimeSpan.FromMilliseconds(parsed.GetValue(pause)),
                parsed.GetValue(ServerOptions.Seed),
                parsed.GetValue(ServerOptions.Settings)!);
            return await new SoakRun(plan).RunAsync(cancellation) ? 0 : 1;
        });
        return command;
    }
}
