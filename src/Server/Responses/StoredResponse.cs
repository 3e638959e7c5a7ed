using System.Text.Json;

namespace Llama.Server.Responses;

/// <summary>A response beside all that it was made from, so that the conversation goes on even where its earlier responses are gone.</summary>
/// <param name="Response">The response.</param>
/// <param name="Input">Every item of the conversation before it, oldest first; without instructions, which are not carried over.</param>
internal sealed record StoredResponse(Response Response, IReadOnlyList<ResponseItem> Input)
{
    // What stands beside the text: records, lists, ids. Generous, as the bound it serves is.
    private const int Overhead = 512, PartOverhead = 128, TokenOverhead = 128;

    /// <summary>The conversation with this response: what the next one goes on from.</summary>
    public IEnumerable<ResponseItem> Conversation => Input.Concat(Response.Output);

    /// <summary>About how much memory it takes. Items shared with other responses count here too, for those may be gone first.</summary>
    public long ByteCount { get; } = (8 * Overhead) + WeighParameters(Response) + Input.Concat(Response.Output).Sum(Weigh);

    private static long WeighParameters(Response response)
    {
        long characters = Length(response.Instructions) + Length(response.PromptCacheKey) + Length(response.SafetyIdentifier) + Length(response.User)
            + response.Metadata.Sum(pair => (long)pair.Key.Length + pair.Value.Length)
            + response.Tools.Sum(tool => Length(tool.Description) + Length(tool.Parameters))
            + Length(response.Text.Format.Description) + Length(response.Text.Format.Schema)
            + response.ToolChoice.GetRawText().Length;
        return (sizeof(char) * characters) + (Overhead * response.Tools.Count);
    }

    private static long Weigh(ResponseItem item)
    {
        long bytes = Overhead + (sizeof(char) * ((long)item.Id.Length + item.Length));
        if (item is MessageItem message)
        {
            bytes += (long)PartOverhead * message.Content.Count;
            bytes += message.Content.OfType<OutputText>().SelectMany(text => text.Logprobs).Sum(token => (long)TokenOverhead * (1 + token.TopLogprobs.Count));
        }
        return bytes;
    }

    private static long Length(string? text) => text?.Length ?? 0;

    private static long Length(JsonElement? json) => json?.GetRawText().Length ?? 0;
}
