using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Llama.Model.Text.Jinja;

namespace Llama.Model.Text;

/// <summary>
/// Tools and their calls as templates see them, in Hugging Face's shape (transformers/utils/chat_template_utils.py). Names, descriptions and arguments come from callers
/// and models, so all of them are untrusted.
/// </summary>
/// <param name="hasShortIds">Whether ids become nine letters and digits: Mistral's templates fail on any other.</param>
internal sealed class ToolValues(bool hasShortIds)
{
    private const int ShortLength = 9;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<char> LettersAndDigits = SearchValues.Create(Alphabet);

    /// <summary>A tool; templates join its description to other text, so there always is one, and parameters too.</summary>
    public static Dictionary<string, object?> Of(ChatTool tool) => Function(new(StringComparer.Ordinal)
    {
        ["name"] = PromptText.Untrusted(tool.Name),
        ["description"] = PromptText.Untrusted(tool.Description ?? ""),
        ["parameters"] = TemplateJson.ParseObject(tool.Parameters ?? """{"type": "object", "properties": {}}"""),
    });

    /// <summary>Arguments are a mapping, which templates write as JSON or go through; a text only where a call was broken.</summary>
    public Dictionary<string, object?> Of(ChatToolCall call)
    {
        Dictionary<string, object?> value = Function(new(StringComparer.Ordinal)
        {
            ["name"] = PromptText.Untrusted(call.Name),
            ["arguments"] = TemplateJson.ParseObject(call.Arguments),
        });
        value["id"] = Id(call.Id);
        return value;
    }

    public PromptText Id(string id)
    {
        bool fits = !hasShortIds || (id.Length == ShortLength && !id.AsSpan().ContainsAnyExcept(LettersAndDigits));
        return PromptText.Untrusted(fits ? id : Shortened(id));
    }

    private static Dictionary<string, object?> Function(Dictionary<string, object?> function) =>
        new(StringComparer.Ordinal) { ["type"] = PromptText.Untrusted("function"), ["function"] = function };

    // The same for a call and for its result, whatever server gave the id.
    private static string Shortened(string id)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(id));
        return string.Concat(hash.Take(ShortLength).Select(b => Alphabet[b % Alphabet.Length]));
    }
}
