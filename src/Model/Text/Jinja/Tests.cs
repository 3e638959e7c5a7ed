namespace Llama.Model.Text.Jinja;

internal delegate bool Test(object? value, Arguments arguments);

/// <summary>The tests behind <c>is</c>.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> All = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value is not Undefined,
        ["undefined"] = (value, _) => value is Undefined,
        ["none"] = (value, _) => value is null,
        ["boolean"] = (value, _) => value is bool,
        ["true"] = (value, _) => value is true,
        ["false"] = (value, _) => value is false,
        ["integer"] = (value, _) => value is long or WholeNumber,
        ["float"] = (value, _) => value is double,
        ["number"] = (value, _) => value is long or double or bool or WholeNumber,
        ["string"] = (value, _) => value is PromptText,
        ["mapping"] = (value, _) => value is Dictionary<string, object?>,
        ["sequence"] = (value, _) => value is List<object?> or PromptText or Dictionary<string, object?>, // Jinja: whatever has a length and items
        ["iterable"] = (value, _) => value is List<object?> or PromptText or Dictionary<string, object?> or Undefined,
        ["callable"] = (value, _) => value is Callable,
        ["even"] = (value, _) => value is long number && number % 2 == 0,
        ["odd"] = (value, _) => value is long number && number % 2 != 0,
        ["divisibleby"] = (value, arguments) => value is long number && arguments.Require(0, "num") is long divisor && divisor != 0 && number % divisor == 0,
        ["equalto"] = (value, arguments) => Values.AreEqual(value, arguments.Require(0, "other")),
        ["ne"] = (value, arguments) => !Values.AreEqual(value, arguments.Require(0, "other")),
        ["lt"] = (value, arguments) => Values.Compare(value, arguments.Require(0, "other")) < 0,
        ["le"] = (value, arguments) => Values.Compare(value, arguments.Require(0, "other")) <= 0,
        ["gt"] = (value, arguments) => Values.Compare(value, arguments.Require(0, "other")) > 0,
        ["ge"] = (value, arguments) => Values.Compare(value, arguments.Require(0, "other")) >= 0,
        ["in"] = (value, arguments) => Values.Contains(arguments.Require(0, "seq"), value),
        ["lower"] = (value, _) => value is PromptText text && text.Text == text.Text.ToLowerInvariant(),
        ["upper"] = (value, _) => value is PromptText text && text.Text == text.Text.ToUpperInvariant(),
    };

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["eq"] = "equalto",
        ["=="] = "equalto",
        ["!="] = "ne",
        ["<"] = "lt",
        ["<="] = "le",
        [">"] = "gt",
        [">="] = "ge",
        ["lessthan"] = "lt",
        ["greaterthan"] = "gt",
    };

    public static Test? Find(string name) => All.GetValueOrDefault(Aliases.GetValueOrDefault(name, name));

    /// <summary>A test named by a string, as select and selectattr take it.</summary>
    public static Test Named(object? name) => name is PromptText text && Find(text.Text) is { } test
        ? test
        : throw new TemplateException($"the chat template uses the test '{Values.ToText(name)}', which is not supported");
}
