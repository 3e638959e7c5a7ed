using System.CommandLine;
using Llama.Fleet;

namespace Llama.Soak.Abuse;

/// <summary><c>abuse</c>: everything that clients do wrong, one after the other, on one server.</summary>
internal static class AbuseVerb
{
    // The last one ends the server.
    private static readonly IAbuse[] All = [new WireAbuse(), new FuzzedBodies(), new LeftStreams(), new Flood(), new SlowReaders(), new StopUnderLoad()];

    public static Command Command()
    {
        Command command = new("abuse", "Malformed, slow, rude and too many clients on one server. A line for each kind; exit code 1 when the server did not stand one.")
        {
            ServerOptions.Program, ServerOptions.Port, ServerOptions.Seed, ServerOptions.Settings,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using ServerProcess server = ServerProcess.StartServer(
                parsed.GetValue(ServerOptions.Program),
                parsed.GetValue(ServerOptions.Port),
                ["--Model:Threads=1", "--Model:BlockCount=2048", "--Scheduler:MaxSequences=32", "--Scheduler:MaxQueueLength=32", "--Serilog:MinimumLevel:Default=Warning", .. parsed.GetValue(ServerOptions.Settings)!.Select(setting => $"--{setting}")]);
            await server.ReadyAsync(cancellation);
            using Api api = await Api.ConnectAsync(server.Address);
            bool isGood = true;
            foreach (IAbuse abuse in All)
            {
                Verdict verdict = await abuse.RunAsync(server, api, parsed.GetValue(ServerOptions.Seed), cancellation);
                Console.WriteLine(verdict);
                isGood &= verdict.IsGood;
            }
            Verdict log = SoakVerdict.OfLog(server.LogPath);
            Console.WriteLine(log);
            return isGood && log.IsGood ? 0 : 1;
        });
        return command;
    }
}
