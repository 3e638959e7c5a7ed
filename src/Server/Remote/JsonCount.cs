using System.Text.Json;

namespace Llama.Server.Remote;

/// <summary>Reads the counts of servers of any make: what is none, or none that this can hold, counts as left out.</summary>
internal static class JsonCount
{
    /// <param name="holder">The object that holds it, or what stands in its place.</param>
    /// <param name="name">The field.</param>
    public static int? Of(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out JsonElement count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out int number) ? number : null;
}
