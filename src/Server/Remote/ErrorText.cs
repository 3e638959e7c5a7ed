using System.Security.Authentication;
using System.Text.Json;

namespace Llama.Server.Remote;

/// <summary>What an error says.</summary>
internal static class ErrorText
{
    private const int MostCharacters = 300;

    /// <summary>Why a connection failed, without a full stop behind it. When TLS fails or a connection breaks, the exception itself says only that; the reason is in its inner one.</summary>
    public static string Of(Exception exception) =>
        (exception is HttpRequestException { InnerException: (IOException or AuthenticationException) and { } why } ? why : exception).Message.TrimEnd('.');

    /// <summary>The message of OpenAI's error object, or the text that others put in its place; the body itself, shortened, when it is something else.</summary>
    public static string Of(string body)
    {
        try
        {
            JsonElement error = JsonElement.Parse(body).GetProperty("error");
            if ((error.ValueKind == JsonValueKind.String ? error : error.GetProperty("message")).GetString() is { } message) return message;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Told as it is.
        }
        return body.Length <= MostCharacters ? body : body[..MostCharacters] + "…";
    }
}
