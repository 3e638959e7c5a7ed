using System.Text.Json;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Load;

/// <summary>Requests out of a file, in its order and from its beginning again: one JSON object a line, <c>{"prompt": "…", "max_tokens": 64}</c>.</summary>
internal sealed class DatasetWorkload : IWorkload
{
    private readonly LoadRequest[] _requests;
    private int _next;

    private DatasetWorkload(LoadRequest[] requests) => _requests = requests;

    /// <summary>Requests in the file.</summary>
    public int Count => _requests.Length;

    /// <param name="path">The file.</param>
    /// <param name="newTokens">For lines without <c>max_tokens</c>.</param>
    /// <param name="seed">Draws from that range.</param>
    /// <exception cref="VerbException">A line is not what it should be, or there is none.</exception>
    public static DatasetWorkload Load(string path, NumberRange newTokens, int seed)
    {
        Random random = new(seed);
        LoadRequest[] requests = [.. File.ReadLines(path).Select((line, i) => (Line: line, Place: $"--dataset {path}, line {i + 1}")).Where(at => at.Line.Trim().Length > 0)
            .Select(at => Read(at.Line, at.Place, newTokens.Draw(random)))];
        return requests.Length > 0 ? new DatasetWorkload(requests) : throw new VerbException($"--dataset {path} has no requests; give one JSON object a line, with a text 'prompt'.");
    }

    public LoadRequest[] Draw(int count, int round)
    {
        LoadRequest[] drawn = [.. Enumerable.Range(_next, count).Select(i => _requests[i % _requests.Length])];
        _next = (_next + count) % _requests.Length;
        return drawn;
    }

    private static LoadRequest Read(string line, string place, int maxTokens)
    {
        try
        {
            JsonElement request = JsonElement.Parse(line);
            string prompt = request.GetProperty("prompt").GetString() ?? throw new InvalidOperationException();
            return new LoadRequest(prompt, request.TryGetProperty("max_tokens", out JsonElement most) ? most.GetInt32() : maxTokens);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new VerbException($$"""{{place}} is not a request; give a JSON object such as {"prompt": "Once", "max_tokens": 64}.""");
        }
    }
}
