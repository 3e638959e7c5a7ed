using System.CommandLine;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Load;

/// <summary><c>bench serve</c>: a server under load, through HTTP.</summary>
internal static class ServeVerb
{
    public static Command Command()
    {
        ServeOptions options = new();
        Command command = new("serve", "Measures an OpenAI-compatible server under load: this one, vLLM, llama.cpp's or any other, by its address.") { ExplainedHelp.Option(Definitions) };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            ServeReport report = await ServeBench.RunAsync(options.Read(parsed), new Progress(parsed.InvocationConfiguration.Error), cancellation);
            report.Write(parsed.InvocationConfiguration.Output);
            return cancellation.IsCancellationRequested ? BenchExit.Interrupted : report.IsSound ? 0 : BenchExit.Failed;
        });
        return command;
    }

    private const string Definitions = """
        The table's rows:

          time to first token    from sending the request to the first chunk with text (TTFT)
          time per output token  from the first chunk with text to the end of the stream, by the tokens after the first (TPOT), one figure for each request whose answer did not come in one read
          inter-token latency    between two chunks with text, by the tokens that a chunk has on average (ITL), one figure for each gap
          end to end             from sending the request to the end of its stream
          goodput                requests per second that completed and kept to every --goodput target

        Tokens are as the server counts them (usage), else chunks are counted. A 503 or 429 with Retry-After counts as refused, anything else that does not end with [DONE] as failed; either is told by its kind. The exit code is 1 when a request failed or none completed.
        """;
}
