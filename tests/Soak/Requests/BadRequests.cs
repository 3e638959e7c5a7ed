using System.Net;
using System.Text.Json;

namespace Llama.Soak.Requests;

/// <summary>What the server must refuse, with an error that says why.</summary>
internal static class BadRequests
{
    private const string Chat = "/v1/chat/completions";

    public static Task AnyAsync(Api api, Random random) => random.Next(9) switch
    {
        0 => api.ErrAsync(HttpMethod.Post, Chat, "{\"messages\": [", HttpStatusCode.BadRequest),
        1 => api.ErrAsync(HttpMethod.Post, Chat, Body(api, new { temperature = 9 }), HttpStatusCode.BadRequest),
        2 => api.ErrAsync(HttpMethod.Post, Chat, Body(api, new { frobnicate = true }), HttpStatusCode.BadRequest),
        3 => api.ErrAsync(HttpMethod.Post, Chat, Body(api, new { max_tokens = 1_000_000 }), HttpStatusCode.BadRequest),
        4 => api.ErrAsync(HttpMethod.Post, Chat, Body(api, new { model = "gpt-4" }), HttpStatusCode.NotFound),
        5 => api.ErrAsync(HttpMethod.Post, Chat, Body(api, new { guided_regex = "(" + new string('a', random.Next(30)) }), HttpStatusCode.BadRequest),
        6 => api.ErrAsync(HttpMethod.Post, $"/v1/{Words.Noun(random)}", "{}", HttpStatusCode.NotFound),
        7 => api.ErrAsync(HttpMethod.Put, Chat, "{}", HttpStatusCode.MethodNotAllowed),
        _ => api.ErrAsync(HttpMethod.Post, "/v1/embeddings", JsonSerializer.Serialize(new { model = api.Model, input = Words.Text(random, 3000) }), HttpStatusCode.BadRequest),
    };

    /// <summary>A request that would be right but for one field.</summary>
    private static string Body(Api api, object wrong)
    {
        Dictionary<string, object> body = new() { ["model"] = api.Model, ["messages"] = new[] { new { role = "user", content = "Hi" } } };
        foreach (JsonProperty field in JsonSerializer.SerializeToElement(wrong).EnumerateObject()) body[field.Name] = field.Value;
        return JsonSerializer.Serialize(body);
    }
}
