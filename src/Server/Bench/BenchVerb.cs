using System.CommandLine;
using Llama.Server.Bench.Compare;
using Llama.Server.Bench.Load;
using Llama.Server.Bench.Local;
using Llama.Server.Bench.Replay;

namespace Llama.Server.Bench;

/// <summary><c>bench</c>: measures one answer, the engine under load, or a server through HTTP, or replays a load.</summary>
internal static class BenchVerb
{
    /// <param name="settings">Settings of the server, for the verbs that load the model themselves.</param>
    public static Command Command(string[] settings)
    {
        string[] shown = [.. settings.Where(setting => !setting.StartsWith("--Auth:", StringComparison.Ordinal))]; // settings are part of a report, keys are not
        return new Command("bench", Description)
        {
            LatencyVerb.Command(shown),
            ThroughputVerb.Command(shown),
            ServeVerb.Command(),
            ReplayVerb.Command(shown),
            ModeVerb.Command(shown),
        };
    }

    private const string Description = """
        Measures latency and throughput, of this engine or of any OpenAI-compatible server.

        Each shows a table and ends with one line of JSON on standard output; progress goes to standard error. Ctrl-C ends early and reports what there is.
        """;
}
