namespace Llama.Model.Text.Jinja;

/// <summary>The variables in sight. What a loop or macro sets stays inside it.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object?> _variables = new(StringComparer.Ordinal);

    /// <summary>Where the rendered text goes.</summary>
    public List<PromptText> Output { get; init; } = parent?.Output ?? [];

    public void Set(string name, object? value) => _variables[name] = value;

    public object? Get(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._variables.TryGetValue(name, out object? value)) return value;
        }
        return new Undefined(name);
    }

    private Scope? Parent => parent;
}
