namespace Llama.Server.Bench.Load;

/// <summary>
/// Looks into a chunk for what a load generator must know, without parsing it: chunks come by the hundred thousand, and the generator must not be what is measured. A key can
/// only be found as a key: inside a text its quotation marks are escaped.
/// </summary>
internal static class ChunkText
{
    /// <summary>Whether it brings text: a completion's <c>text</c>, a chat's <c>content</c>, or its <c>reasoning_content</c> or <c>reasoning</c>.</summary>
    public static bool HasText(ReadOnlySpan<byte> chunk) => HasString(chunk, "content\":"u8) || HasString(chunk, "\"text\":"u8) || HasString(chunk, "\"reasoning\":"u8);

    /// <summary>Whether it has token counts.</summary>
    public static bool HasUsage(ReadOnlySpan<byte> chunk) => HasValue(chunk, "\"usage\":"u8, (byte)'{', out _);

    /// <summary>Whether it is an error instead of a chunk: OpenAI's object, or the text that others put in its place.</summary>
    public static bool IsError(ReadOnlySpan<byte> chunk) => HasValue(chunk, "\"error\":"u8, (byte)'{', out _) || HasString(chunk, "\"error\":"u8);

    private static bool HasString(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> key)
    {
        while (HasValue(chunk, key, (byte)'"', out ReadOnlySpan<byte> inside))
        {
            if (inside.Length > 0 && inside[0] != '"') return true;
            chunk = inside;
        }
        return false;
    }

    /// <summary>Finds a key whose value begins so, and what follows that beginning.</summary>
    private static bool HasValue(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> key, byte opening, out ReadOnlySpan<byte> inside)
    {
        for (int at; (at = chunk.IndexOf(key)) >= 0;)
        {
            chunk = chunk[(at + key.Length)..].TrimStart((byte)' ');
            if (chunk.IsEmpty || chunk[0] != opening) continue;
            inside = chunk[1..];
            return true;
        }
        inside = default;
        return false;
    }
}
