namespace Llama.Server.Tools;

/// <summary>What a request says about tools.</summary>
/// <param name="Defined">The tools that the prompt tells the model of; none where none may be called, since a model that is told of tools calls them.</param>
/// <param name="Callable">Those of them that may be called; fewer where <c>tool_choice</c> names some.</param>
/// <param name="Mode">Whether the model may, must or must not call.</param>
/// <param name="IsParallel">Whether one answer may hold several calls.</param>
internal sealed record ToolUse(IReadOnlyList<ToolDefinition> Defined, IReadOnlyList<ToolDefinition> Callable, ToolMode Mode, bool IsParallel)
{
    /// <summary>Whether calls that the model makes of its own accord are to keep to a schema.</summary>
    public bool HoldsFreeCalls => Mode == ToolMode.Auto && Callable.Any(tool => tool.Strict);
}

/// <summary>Whether tools are called.</summary>
internal enum ToolMode
{
    /// <summary>The model's answer is text.</summary>
    None,

    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>The model calls at least one tool, and says nothing else.</summary>
    Required,
}
