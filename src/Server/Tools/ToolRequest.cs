using Llama.Server.Web.Errors;

namespace Llama.Server.Tools;

/// <summary>What a request says about tools, field by field; <see cref="Settle"/> checks the fields against each other.</summary>
internal sealed class ToolRequest
{
    public IReadOnlyList<ToolDefinition> Definitions { get; set; } = [];

    public ToolChoice? Choice { get; set; }

    public bool? IsParallel { get; set; }

    /// <summary>Gives what is to be done, or null where there are no tools; and what is wrong, or null.</summary>
    public ApiError? Settle(out ToolUse? use)
    {
        use = null;
        ToolChoice choice = Choice ?? new ToolChoice(ToolMode.Auto);
        if (Definitions.Count == 0)
            return choice.NeedsTools ? ApiError.InvalidValue("tool_choice", "'tool_choice' is only allowed when 'tools' are given.") : null;
        if (Check(choice) is { } error)
            return error;
        ToolDefinition[] callable = [.. Definitions.Where(tool => choice.Allowed?.Any(allowed => allowed.Name == tool.Name) != false)];
        bool mayCall = choice.Mode != ToolMode.None;
        use = new ToolUse(mayCall ? Definitions : [], mayCall ? callable : [], choice.Mode, !choice.IsOneCall && (IsParallel ?? true));
        return null;
    }

    private ApiError? Check(ToolChoice choice)
    {
        var names = new HashSet<string>();
        if (Definitions.FirstOrDefault(tool => !names.Add(tool.Name)) is { } twice)
            return ApiError.InvalidValue($"{twice.Param}.name", $"Invalid value for '{twice.Param}.name': two tools are called '{twice.Name}'.");
        return choice.Allowed?.FirstOrDefault(allowed => !names.Contains(allowed.Name)) is { } unknown
            ? ApiError.InvalidValue(unknown.Param, $"Invalid value for '{unknown.Param}': 'tools' has no function '{unknown.Name}'.")
            : null;
    }
}
