using System.Globalization;
using Llama.Scheduling;
using Llama.Server.Web.Errors;

namespace Llama.Server.Auth;

/// <summary>Who calls, once a key has said so: a feature of the request.</summary>
/// <param name="ShareKey">Number of the key's name; callers share the engine fairly by it.</param>
/// <param name="Key">The key; null for a caller that needs none.</param>
internal sealed record Caller(int ShareKey, ApiKey? Key = null)
{
    /// <summary>Whoever calls within this process: a share of its own, beside those of the keys and the one of callers without a key.</summary>
    public static Caller InProcess { get; } = new(-1);

    /// <summary>What the caller's key does not allow of a request; null when it allows all.</summary>
    /// <param name="model">The id that the request calls the model by.</param>
    /// <param name="priority">The priority that it asks for, if it does.</param>
    public ApiError? Check(string model, int? priority)
    {
        if (Key is null)
            return null;
        if (Key.Models.Count > 0 && !Key.Models.Contains(model, StringComparer.Ordinal))
            return ApiError.ModelNotAllowed(Key.Name, model, Key.Models);
        return priority < Key.MinPriority
            ? ApiError.InvalidValue("priority", string.Create(CultureInfo.InvariantCulture, $"'priority' is {priority}; the key '{Key.Name}' may ask for {Key.MinPriority} or more (smaller goes first)."))
            : null;
    }

    /// <summary>A request on the caller's share of the engine.</summary>
    public GenerationRequest Share(GenerationRequest request) => request with
    {
        ShareKey = ShareKey,
        ShareWeight = Key?.Weight ?? 1,
        Priority = Math.Max(request.Priority, Key?.MinPriority ?? int.MinValue),
    };

    /// <summary>Who makes a request; null on a route or server that asks for no key.</summary>
    public static Caller? Of(HttpContext context) => context.Features.Get<Caller>();

    /// <summary>Number of the key that a request came with; 0 on a server without keys.</summary>
    public static int ShareKeyOf(HttpContext context) => Of(context)?.ShareKey ?? 0;

    /// <summary>Name of the key that a request came with, for logs; <c>-</c> without one.</summary>
    public static string NameOf(HttpContext context) => Of(context)?.Key?.Name ?? "-";
}
