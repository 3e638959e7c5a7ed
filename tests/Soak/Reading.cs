using System.Globalization;

namespace Llama.Soak;

/// <summary>What a server says of itself in <c>/metrics</c> at one moment.</summary>
/// <param name="Running">Requests that run or wait.</param>
/// <param name="UsedBlocks">KV blocks that requests hold.</param>
/// <param name="CachedBlocks">Blocks kept for their prefixes.</param>
/// <param name="FreeBlocks">The others.</param>
/// <param name="ResidentBytes">Of the process.</param>
/// <param name="ManagedBytes">Of it, what .NET's collector counts.</param>
/// <param name="Threads">Of the system.</param>
/// <param name="Files">Open descriptors.</param>
/// <param name="Tensors">Of libtorch; 0 while it is not loaded.</param>
internal sealed record Reading(double Running, double UsedBlocks, double CachedBlocks, double FreeBlocks, double ResidentBytes, double ManagedBytes, double Threads, double Files, double Tensors)
{
    private const int MostLooks = 1200; // 100 ms apart; counted, so that a machine that stands still for a while is no fault

    public double UnheldBlocks => CachedBlocks + FreeBlocks;

    public static async Task<Reading> TakeAsync(Api api, CancellationToken cancellation) => Parse(await api.TextAsync("/metrics", cancellation));

    /// <summary>Waits until nothing runs. What is still held then has leaked.</summary>
    public static async Task<Reading> WhenIdleAsync(Api api, CancellationToken cancellation)
    {
        Reading reading = await TakeAsync(api, cancellation);
        for (int look = 1; reading is not { Running: 0, UsedBlocks: 0 } && look < MostLooks; look++)
        {
            await Task.Delay(100, cancellation);
            reading = await TakeAsync(api, cancellation);
        }
        return reading;
    }

    public static Reading Parse(string scrape)
    {
        string[] lines = scrape.Split('\n');
        return new Reading(
            Value("vllm:num_requests_running") + Value("vllm:num_requests_waiting"),
            Value("llama_kv_blocks", "used"),
            Value("llama_kv_blocks", "cached"),
            Value("llama_kv_blocks", "free"),
            Value("process_resident_memory_bytes"),
            Value("dotnet_total_memory_bytes"),
            Value("process_threads"),
            Value("process_open_fds"),
            Value("llama_torch_tensors"));

        double Value(string name, string state = "") => lines
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && (state == "" || line.Contains($"state=\"{state}\"", StringComparison.Ordinal)))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }
}
