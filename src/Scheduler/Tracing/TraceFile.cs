using System.Text.Json;

namespace Llama.Scheduling.Tracing;

/// <summary>
/// The file of a trace: lines of JSON. Each start of an engine goes on with it, and its line <c>{"start":…}</c> says from when on numbers, blocks and times begin anew.
/// </summary>
public static class TraceFile
{
    private const int WouldBlock = 11; // EWOULDBLOCK, of a file that somebody has for himself

    private const string StartKey = "{\"start\":";

    /// <summary>Reads the requests of one start or several from a file's lines, as those of one long run.</summary>
    /// <exception cref="JsonException">A line is none of a trace.</exception>
    public static IEnumerable<TraceEvent> Read(IEnumerable<string> lines)
    {
        TraceNumbering numbering = new();
        foreach (string line in lines.Where(line => line.EndsWith('}'))) // a process that was killed leaves a piece of a line
        {
            if (line.StartsWith(StartKey, StringComparison.Ordinal)) numbering.Begin(JsonSerializer.Deserialize(line, TraceJson.Default.TraceStart)!.Start);
            else yield return numbering.Through(JsonSerializer.Deserialize(line, TraceJson.Default.TraceEvent)!);
        }
    }

    /// <summary>Opens a file behind what it has, at the beginning of a line.</summary>
    /// <exception cref="IOException">It cannot be had: another engine writes it, whose lines it would mix with.</exception>
    internal static FileStream OpenAtEnd(string path)
    {
        FileStream file = OpenAlone(path);
        if (!file.CanSeek || file.Length == 0) return file;
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n') file.WriteByte((byte)'\n');
        return file;
    }

    private static FileStream OpenAlone(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken.HResult == WouldBlock)
        {
            throw new IOException($"Scheduler:TracePath is '{path}', which another server writes. Name another file.", taken);
        }
    }
}
