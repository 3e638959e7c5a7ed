using System.Diagnostics;
using System.Text.Json;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Compare;

/// <summary>One mode in a process of its own, so that its memory is its own and whatever befalls it befalls no other.</summary>
internal static class ModeProcess
{
    private const int Killed = 128 + 9; // by the system, as a rule for want of memory

    /// <summary>What it measured, or why it could not.</summary>
    /// <param name="settings">Of the server, the mode's among them.</param>
    /// <param name="work">What to do.</param>
    /// <param name="runDone">Called after each run.</param>
    /// <param name="cancellation">Ends the process, and does not wait for it.</param>
    public static async Task<(ModeMeasurement? Measured, string? Failure)> RunAsync(string[] settings, ModeWork work, Action runDone, CancellationToken cancellation)
    {
        using Process process = Process.Start(OwnProgram.Start(["bench", ModeVerb.Name, .. settings]))!;
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            await SendAsync(process.StandardInput, JsonSerializer.Serialize(work, BenchJson.Line.ModeWork));
            ModeMeasurement? measured = await ReadAsync(process.StandardOutput, runDone).WaitAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 && measured is not null ? (measured, null) : (null, Failure(process.ExitCode, await errors));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static async Task SendAsync(StreamWriter input, string line)
    {
        try
        {
            await input.WriteLineAsync(line);
            await input.FlushAsync(CancellationToken.None);
        }
        catch (IOException)
        {
            // It ended before it read; what it says about that is read below.
        }
    }

    private static async Task<ModeMeasurement?> ReadAsync(StreamReader output, Action runDone)
    {
        ModeMeasurement? measured = null;
        while (await output.ReadLineAsync(CancellationToken.None) is { } line)
        {
            if (line == ModeVerb.RunDone) runDone();
            else if (line.StartsWith('{')) measured = JsonSerializer.Deserialize(line, BenchJson.Line.ModeMeasurement);
        }
        return measured;
    }

    // An unhandled exception puts its stack behind its message.
    private static string Failure(int exitCode, string errors)
    {
        string said = string.Join(' ', errors.Split("\n   at ")[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return said.Length > 0 ? said : exitCode == Killed ? "the system ended it: out of memory?" : $"its process ended with {exitCode} and without a word";
    }
}
