using System.Globalization;

namespace Llama.Fleet;

/// <summary>Reads a server's metrics.</summary>
internal static class Scrape
{
    /// <summary>A counter's value, over all of its labels.</summary>
    public static async Task<long> SumAsync(string address, string name, CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = ServerProcess.Patience };
        string text = await client.GetStringAsync($"{address}/metrics", cancellation);
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).Sum(line => (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
