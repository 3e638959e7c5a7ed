using System.Text.Json;
using Llama.Server.Errors;
using Llama.Server.Tools;

namespace Llama.Server.Responses;

/// <summary>Field <c>tool_choice</c>.</summary>
/// <param name="Mode">Whether the model may, must or must not call.</param>
/// <param name="Names">The tools that may be called; null for all.</param>
/// <param name="Echo">What was sent.</param>
internal sealed record ToolChoice(ToolMode Mode, IReadOnlyList<string>? Names, JsonElement Echo)
{
    private const string Param = "tool_choice";

    /// <summary>The choice of requests that make none.</summary>
    public static ToolChoice Auto { get; } = new(ToolMode.Auto, Names: null, JsonElement.Parse("\"auto\""));

    /// <summary>Applies the choice to the tools there are; returns what is wrong, or null.</summary>
    public ApiError? TryApply(IReadOnlyList<ToolDefinition> defined, bool isParallel, out ToolUse? use)
    {
        use = null;
        if (Names?.FirstOrDefault(name => defined.All(tool => tool.Name != name)) is { } unknown)
            return ApiError.InvalidValue(Param, $"Invalid value for '{Param}': 'tools' does not define the function '{unknown}'.");
        if (defined.Count == 0)
            return Mode == ToolMode.Required ? ApiError.InvalidValue(Param, $"Invalid value for '{Param}': a call is required, but 'tools' defines none.") : null;
        ToolDefinition[] callable = [.. defined.Where(tool => Names?.Contains(tool.Name) ?? true)];
        use = new ToolUse(defined, callable, Mode, isParallel);
        return null;
    }
}
