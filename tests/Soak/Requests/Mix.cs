namespace Llama.Soak.Requests;

/// <summary>All kinds of requests that a server meets, in the shares of a busy day with bad manners.</summary>
internal static class Mix
{
    private static readonly RequestKind[] Kinds =
    [
        new("chat", 20, ChatRequests.WholeAsync),
        new("stream", 25, ChatRequests.StreamAsync),
        new("several", 5, ChatRequests.SeveralAsync),
        new("left", 12, ChatRequests.LeaveStreamAsync),
        new("cancelled", 8, ChatRequests.CancelAsync),
        new("timed out", 2, ChatRequests.TimeOutAsync),
        new("schema", 8, StructuredRequests.SchemaAsync),
        new("regex", 4, StructuredRequests.RegexAsync),
        new("tool", 6, StructuredRequests.ToolAsync),
        new("completion", 6, OtherRequests.CompletionAsync),
        new("embedding", 6, OtherRequests.EmbedAsync),
        new("response", 6, OtherRequests.RespondAsync),
        new("response stream", 4, OtherRequests.StreamResponseAsync),
        new("counting", 4, OtherRequests.CountAsync),
        new("bad", 14, BadRequests.AnyAsync),
    ];

    private static readonly RequestKind[] Weighted = [.. Kinds.SelectMany(kind => Enumerable.Repeat(kind, kind.Weight))];

    public static RequestKind Draw(Random random) => Weighted[random.Next(Weighted.Length)];
}
