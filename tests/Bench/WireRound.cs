using System.Diagnostics;

namespace Llama.Bench;

/// <summary>Where a round stands.</summary>
internal sealed record WireMark(long Timestamp, long Events, long Reads, TimeSpan ClientCpu, WireCost Server);

/// <summary>What passed between two marks, by token where nothing else is said.</summary>
internal sealed record WireRound(WireMark From, WireMark To)
{
    public double TokensPerSecond => Tokens / Stopwatch.GetElapsedTime(From.Timestamp, To.Timestamp).TotalSeconds;

    public double ServerMicroseconds => (To.Server.Cpu - From.Server.Cpu).TotalMicroseconds / Tokens;

    public double ClientMicroseconds => (To.ClientCpu - From.ClientCpu).TotalMicroseconds / Tokens;

    public double AllocatedBytes => (double)(To.Server.AllocatedBytes - From.Server.AllocatedBytes) / Tokens;

    public double TokensPerRead => (double)Tokens / (To.Reads - From.Reads);

    public double EngineMicrosecondsPerStep => (To.Server.Engine - From.Server.Engine).TotalMicroseconds / Math.Max(1, To.Server.Steps - From.Server.Steps);

    private long Tokens => To.Events - From.Events;
}
