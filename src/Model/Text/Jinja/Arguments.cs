namespace Llama.Model.Text.Jinja;

/// <summary>The evaluated arguments of a call, filter or test.</summary>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    public static Arguments None { get; } = new([], new Dictionary<string, object?>());

    /// <summary>The argument at a place or of a name, else a default.</summary>
    public object? Get(int index, string name, object? missing = null) =>
        index < Positional.Count ? Positional[index] : Named.GetValueOrDefault(name, missing);

    public bool Has(int index, string name) => index < Positional.Count || Named.ContainsKey(name);

    /// <summary>An argument that must be there.</summary>
    public object? Require(int index, string name) => Has(index, name) ? Get(index, name) : throw new TemplateException($"the chat template leaves out the argument '{name}'");

    /// <summary>A string; null where it is left out or none.</summary>
    public PromptText? GetText(int index, string name) => Get(index, name) switch
    {
        null => null,
        PromptText text => text,
        _ => throw new TemplateException($"the chat template's argument '{name}' is not a string"),
    };

    public long GetInteger(int index, string name, long missing) => Get(index, name, missing) switch
    {
        null => missing,
        long number => number,
        _ => throw new TemplateException($"the chat template's argument '{name}' is not an integer"),
    };

    /// <summary>Those behind so many places, and all that have names.</summary>
    public Arguments From(int place) => new([.. Positional.Skip(place)], Named);

    public string RequireText(int index, string name) =>
        Require(index, name) is PromptText text ? text.Text : throw new TemplateException($"the chat template's argument '{name}' is not a string");
}
