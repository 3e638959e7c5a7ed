using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;

namespace Llama.Server.Swagger;

/// <summary>A row of the error table, as the API's description shows it.</summary>
/// <param name="Description">When it comes.</param>
/// <param name="Example">One of its kind.</param>
internal sealed record ErrorAnswer(string Description, ApiError Example)
{
    /// <summary>Name and meaning of the headers that come with it.</summary>
    public IEnumerable<(string Name, string Meaning)> Headers
    {
        get
        {
            yield return ("x-request-id", "Names the request in the server's log.");
            if (Example.Status == StatusCodes.Status401Unauthorized)
                yield return ("WWW-Authenticate", "`Bearer`.");
            if (Example.RetryAfter is not null)
            {
                yield return ("Retry-After", "Seconds after which to come again.");
                yield return ("retry-after-ms", "The same in milliseconds.");
            }
            if (Example.Status != StatusCodes.Status429TooManyRequests)
                yield break;
            foreach (string name in LimitHeaderNames.All)
                yield return (name, "Where the caller has such a limit: what it is, what is left of it, or when all of it is there again (`120ms`, `1s`, `6m0s`).");
        }
    }

    public JsonNode ToExample() => JsonSerializer.SerializeToNode(Example.ToBody(), ErrorJson.Web.ErrorBody)!;
}
