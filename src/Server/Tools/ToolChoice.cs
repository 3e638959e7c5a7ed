namespace Llama.Server.Tools;

/// <summary>Field <c>tool_choice</c>.</summary>
/// <param name="Mode">Whether tools are called.</param>
/// <param name="Allowed">The tools that may be called; null for all that are defined.</param>
/// <param name="IsOneCall">Whether one function is named, which OpenAI's API then calls exactly once.</param>
internal sealed record ToolChoice(ToolMode Mode, IReadOnlyList<ToolName>? Allowed = null, bool IsOneCall = false)
{
    /// <summary>Whether the choice means something without any tool.</summary>
    public bool NeedsTools => Mode == ToolMode.Required || Allowed is not null;
}

/// <summary>A tool that a request refers to.</summary>
/// <param name="Param">Path of the field that names it.</param>
/// <param name="Name">Its name.</param>
internal sealed record ToolName(string Param, string Name);
