using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llama.Soak.Requests;

/// <summary>Answers that must be of a form, which is checked.</summary>
internal static partial class StructuredRequests
{
    private const string Path = "/v1/chat/completions";

    /// <summary>A new schema nearly every time: what a server keeps of schemas must be bounded.</summary>
    public static async Task SchemaAsync(Api api, Random random)
    {
        string key = $"k{random.Next(100_000)}";
        string schema = $$$"""{"type":"object","additionalProperties":false,"required":["{{{key}}}","big"],"properties":{"{{{key}}}":{"enum":["{{{Words.Noun(random)}}}","plant"]},"big":{"type":"boolean"} } }""";
        JsonElement answer = await api.AskAsync(Path, new
        {
            model = api.Model,
            messages = Words.Conversation(random),
            max_tokens = 120,
            temperature = 1.0,
            response_format = new { type = "json_schema", json_schema = new { name = "thing", strict = true, schema = JsonElement.Parse(schema) } },
        });
        if (Text(answer, out string content)) ChatRequests.Require(JsonElement.Parse(content).TryGetProperty(key, out _), $"an object with {key}, not {content}");
    }

    public static async Task RegexAsync(Api api, Random random)
    {
        JsonElement answer = await api.AskAsync(Path, new { model = api.Model, messages = Words.Conversation(random), max_tokens = 40, guided_regex = "[A-Z]{3}-[0-9]{2,4}" });
        if (Text(answer, out string content)) ChatRequests.Require(Code.IsMatch(content), $"a match of the regular expression, not {content}");
    }

    public static async Task ToolAsync(Api api, Random random)
    {
        JsonElement answer = await api.AskAsync(Path, new
        {
            model = api.Model,
            messages = Words.Conversation(random),
            max_tokens = 200,
            tool_choice = "required",
            tools = new[]
            {
                new
                {
                    type = "function",
                    function = new
                    {
                        name = "measure",
                        parameters = JsonElement.Parse("""{"type":"object","additionalProperties":false,"required":["unit"],"properties":{"unit":{"enum":["m","ft"]}}}"""),
                    },
                },
            },
        });
        JsonElement choice = answer.GetProperty("choices")[0];
        if (choice.GetProperty("finish_reason").GetString() == "length") return;
        string arguments = choice.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString()!;
        ChatRequests.Require(JsonElement.Parse(arguments).GetProperty("unit").GetString() is "m" or "ft", $"a unit, not {arguments}");
    }

    /// <summary>False where the answer was cut at its limit.</summary>
    private static bool Text(JsonElement answer, out string content)
    {
        JsonElement choice = answer.GetProperty("choices")[0];
        content = choice.GetProperty("message").GetProperty("content").GetString() ?? "";
        return choice.GetProperty("finish_reason").GetString() == "stop";
    }

    [GeneratedRegex("^[A-Z]{3}-[0-9]{2,4}$")]
    private static partial Regex Code { get; }
}
