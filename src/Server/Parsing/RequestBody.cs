using System.Net.Http.Headers;
using System.Text.Json;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;

namespace Llama.Server.Parsing;

/// <summary>Reads a request's JSON body by a table of fields.</summary>
internal static class RequestBody
{
    /// <summary>How JSON is read, in a body and in a text of it.</summary>
    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MostNested };

    private const int MostNested = 64;

    /// <summary>Fills <paramref name="target"/>; returns what is wrong, or null.</summary>
    public static async ValueTask<ApiError?> ReadAsync<T>(HttpContext context, FieldTable<T> fields, T target)
    {
        if (!IsJson(context.Request.ContentType))
            return ApiError.NotJson(context.Request.ContentType);
        if (Encoding(context.Request) is { } encoding)
            return ApiError.Encoded(encoding);
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            return Read(document.RootElement, fields, target) ?? (JsonUnicode.IsValid(document.RootElement) ? null : ApiError.InvalidJson("The body is not valid JSON: a text in it is not valid Unicode."));
        }
        catch (IOException exception) when (MalformedBody.IsCauseOf(exception))
        {
            return new ApiError(400, $"The request could not be read: {exception.Message}", "invalid_request");
        }
        catch (JsonException exception)
        {
            return ApiError.InvalidJson($"The body is not valid JSON{Describe(exception)}.");
        }
        catch (InvalidOperationException) // a property name that is not valid Unicode
        {
            return ApiError.InvalidJson("The body is not valid JSON: a property name is not valid Unicode.");
        }
    }

    /// <summary>Fills <paramref name="target"/> from a body that is JSON already; returns what is wrong, or null.</summary>
    public static ApiError? Read<T>(JsonElement root, FieldTable<T> fields, T target)
    {
        var errors = new ReadErrors();
        if (root.ValueKind != JsonValueKind.Object)
            return new ApiError(400, "The body must be a JSON object.", "invalid_type");
        fields.Read(new FieldReader(root, "", errors), target);
        return errors.First;
    }

    /// <summary>What a body is compressed with, or null. An application that unpacks bodies takes the header away when it has.</summary>
    private static string? Encoding(HttpRequest request) =>
        request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase) ? encoding : null;

    /// <summary>Where a text is not JSON and why, to stand behind that it is not and before a full stop.</summary>
    public static string Describe(JsonException exception)
    {
        // The runtime's message ends with its own, zero-based, place.
        string what = exception.Message.Split(" LineNumber:", 2)[0]
            .Replace(" which is not supported in this mode. Change the reader options", "", StringComparison.Ordinal).Replace(" encountered during deserialization", "", StringComparison.Ordinal).TrimEnd('.');
        string place = exception.LineNumber is { } line ? $" at line {line + 1}, byte {exception.BytePositionInLine + 1}" : "";
        if (what.Contains("any JSON tokens", StringComparison.Ordinal))
            return ": there is nothing in it";
        return what.Contains("maximum configured depth", StringComparison.Ordinal) ? $" that is read here{place}: it is nested more than {MostNested} deep" : $"{place}: {what}";
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type)
        && type.MediaType is { } media
        && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
        && (type.CharSet is null || type.CharSet.Trim('"').ToUpperInvariant() is "UTF-8" or "UTF8");
}
