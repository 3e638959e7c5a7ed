using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>Reads a tool call's arguments.</summary>
internal static class Arguments
{
    /// <exception cref="JsonException">They break off: the answer's token limit was reached within them.</exception>
    public static IDictionary<string, object?>? Parse(string json) =>
        (IDictionary<string, object?>?)JsonSerializer.Deserialize(json, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));
}
