namespace Llama.Server.Responses;

/// <summary>The names of a streamed response's events, in UTF-8.</summary>
internal static class EventName
{
    public static ReadOnlyMemory<byte> Created { get; } = "response.created"u8.ToArray();

    public static ReadOnlyMemory<byte> InProgress { get; } = "response.in_progress"u8.ToArray();

    public static ReadOnlyMemory<byte> Completed { get; } = "response.completed"u8.ToArray();

    public static ReadOnlyMemory<byte> Incomplete { get; } = "response.incomplete"u8.ToArray();

    public static ReadOnlyMemory<byte> Failed { get; } = "response.failed"u8.ToArray();

    public static ReadOnlyMemory<byte> ItemAdded { get; } = "response.output_item.added"u8.ToArray();

    public static ReadOnlyMemory<byte> ItemDone { get; } = "response.output_item.done"u8.ToArray();

    public static ReadOnlyMemory<byte> PartAdded { get; } = "response.content_part.added"u8.ToArray();

    public static ReadOnlyMemory<byte> PartDone { get; } = "response.content_part.done"u8.ToArray();

    public static ReadOnlyMemory<byte> TextDelta { get; } = "response.output_text.delta"u8.ToArray();

    public static ReadOnlyMemory<byte> TextDone { get; } = "response.output_text.done"u8.ToArray();

    public static ReadOnlyMemory<byte> ArgumentsDelta { get; } = "response.function_call_arguments.delta"u8.ToArray();

    public static ReadOnlyMemory<byte> ArgumentsDone { get; } = "response.function_call_arguments.done"u8.ToArray();

    public static ReadOnlyMemory<byte> Error { get; } = "error"u8.ToArray();
}
