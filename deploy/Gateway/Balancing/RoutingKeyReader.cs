using System.Text.Json;

namespace Llama.Gateway.Balancing;

/// <summary>
/// Reads a request's <see cref="RoutingKey"/>. Its prefix is the model, the cache salt, and what a conversation begins with and keeps: the instructions and all messages up to the
/// first of the user. So users who share a system prompt are spread, and a conversation stays where it is. What is no such request, or no JSON, has no key; the replica says what is
/// wrong with it.
/// </summary>
internal static class RoutingKeyReader
{
    private const int TextBytes = 256, TokenCount = 64; // of a plain prompt; a shorter one costs little to compute anew

    /// <param name="path">The request's path.</param>
    /// <param name="body">Its body.</param>
    public static RoutingKey Read(PathString path, ReadOnlySpan<byte> body)
    {
        if (path.StartsWithSegments("/v1/responses", out PathString rest) && rest.HasValue && rest != "/input_tokens" && rest != "/")
            return new RoutingKey(null, rest.Value!.Split('/')[1]);
        if (path != "/v1/chat/completions" && path != "/v1/completions" && !path.StartsWithSegments("/v1/responses"))
            return RoutingKey.None;
        try
        {
            return ReadFields(body);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter of a text that is no Unicode, as half of a surrogate pair
        {
            return RoutingKey.None;
        }
    }

    private static RoutingKey ReadFields(ReadOnlySpan<byte> body)
    {
        var json = new Utf8JsonReader(body);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            return RoutingKey.None;
        Range model = default, salt = default, cacheKey = default, instructions = default, beginning = default; // of the body; without its quotes where it is a text
        string? storedId = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = json.ValueSpan;
            json.Read();
            if (name.SequenceEqual("model"u8)) model = Text(json);
            else if (name.SequenceEqual("cache_salt"u8)) salt = Text(json);
            else if (name.SequenceEqual("prompt_cache_key"u8)) cacheKey = Text(json);
            else if (name.SequenceEqual("instructions"u8)) instructions = Text(json);
            else if (name.SequenceEqual("previous_response_id"u8)) storedId = json.TokenType == JsonTokenType.String ? json.GetString() : storedId;
            else if (name.SequenceEqual("prompt"u8)) beginning = PromptBeginning(ref json);
            else if (name.SequenceEqual("messages"u8)) beginning = ConversationBeginning(ref json, ref storedId);
            else if (name.SequenceEqual("input"u8)) beginning = json.TokenType == JsonTokenType.String ? Text(json) : ConversationBeginning(ref json, ref storedId);
            while (json.CurrentDepth > 1 && json.Read()) { } // what was left of an array
            json.Skip();
        }
        if (!cacheKey.Equals(default)) // the caller knows best what belongs together
            (instructions, beginning) = (default, cacheKey);
        return new RoutingKey(instructions.Equals(default) && beginning.Equals(default) ? null : Hash(body, [model, salt, instructions, beginning]), storedId);
    }

    private static ulong Hash(ReadOnlySpan<byte> body, ReadOnlySpan<Range> parts)
    {
        using var hash = new KeyHash();
        foreach (Range part in parts)
            hash.Add(body[part]);
        return hash.Finish();
    }

    private static Range Text(in Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.String ? ((int)json.TokenStartIndex + 1)..((int)json.BytesConsumed - 1) : default;

    /// <summary>The first bytes of a text, or of the first of several; the first of its tokens.</summary>
    private static Range PromptBeginning(ref Utf8JsonReader json)
    {
        while (json.TokenType == JsonTokenType.StartArray)
            json.Read();
        int start = (int)json.TokenStartIndex, end = start;
        if (json.TokenType == JsonTokenType.String)
            return (start + 1)..(start + 1 + Math.Min(TextBytes, json.ValueSpan.Length));
        for (int i = 0; i < TokenCount && json.TokenType == JsonTokenType.Number; i++)
        {
            end = (int)json.BytesConsumed;
            json.Read();
        }
        return end > start ? start..end : default;
    }

    /// <summary>The messages or items up to the first of the user, as they are written; notes the stored item that one of them refers to.</summary>
    private static Range ConversationBeginning(ref Utf8JsonReader json, ref string? storedId)
    {
        if (json.TokenType != JsonTokenType.StartArray)
            return default;
        int start = (int)json.BytesConsumed, end = start;
        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            if (IsOfUser(ref json, ref storedId) && end == start)
                end = (int)json.BytesConsumed;
        }
        return end > start ? start..end : default;
    }

    /// <summary>Reads one message to its end.</summary>
    private static bool IsOfUser(ref Utf8JsonReader json, ref string? storedId)
    {
        (bool isOfUser, bool isReference, string? id) = (false, false, null);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = json.ValueSpan;
            json.Read();
            if (name.SequenceEqual("role"u8)) isOfUser = json.TokenType == JsonTokenType.String && json.ValueTextEquals("user"u8);
            else if (name.SequenceEqual("type"u8)) isReference = json.TokenType == JsonTokenType.String && json.ValueTextEquals("item_reference"u8);
            else if (name.SequenceEqual("id"u8)) id = json.TokenType == JsonTokenType.String ? json.GetString() : null;
            json.Skip();
        }
        if (isReference)
            storedId ??= id;
        return isOfUser;
    }
}
