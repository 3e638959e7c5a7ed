namespace Llama.Model.Text.Jinja;

/// <summary>The tests behind <c>is</c>.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> All = new(StringComparer.Ordinal)
    {
        ["defined"] = new((value, _) => value is not Undefined),
        ["undefined"] = new((value, _) => value is Undefined),
        ["none"] = new((value, _) => value is null),
        ["boolean"] = new((value, _) => value is bool),
        ["true"] = new((value, _) => value is true),
        ["false"] = new((value, _) => value is false),
        ["integer"] = new((value, _) => value is long or WholeNumber),
        ["float"] = new((value, _) => value is double),
        ["number"] = new((value, _) => value is long or double or bool or WholeNumber),
        ["string"] = new((value, _) => value is PromptText),
        ["mapping"] = new((value, _) => value is Dictionary<string, object?>),
        ["sequence"] = new((value, _) => value is List<object?> or PromptText or Dictionary<string, object?> or Undefined), // Jinja: whatever has a length and items
        ["iterable"] = new((value, _) => value is List<object?> or PromptText or Dictionary<string, object?> or Undefined),
        ["callable"] = new((value, _) => value is Callable),
        ["even"] = new((value, _) => IsMultiple(value, 2L)),
        ["odd"] = new((value, _) => !IsMultiple(value, 2L)),
        ["divisibleby"] = new((value, arguments) => IsMultiple(value, arguments.Require(0, "num")), "num"),
        ["equalto"] = new((value, arguments) => Values.AreEqual(value, arguments.Require(0, "other")), "other"),
        ["ne"] = new((value, arguments) => !Values.AreEqual(value, arguments.Require(0, "other")), "other"),
        ["lt"] = new((value, arguments) => Values.Compare(value, arguments.Require(0, "other")) < 0, "other"),
        ["le"] = new((value, arguments) => Values.Compare(value, arguments.Require(0, "other")) <= 0, "other"),
        ["gt"] = new((value, arguments) => Values.Compare(value, arguments.Require(0, "other")) > 0, "other"),
        ["ge"] = new((value, arguments) => Values.Compare(value, arguments.Require(0, "other")) >= 0, "other"),
        ["in"] = new((value, arguments) => Values.Contains(arguments.Require(0, "seq"), value), "seq"),
        ["lower"] = new((value, _) => PythonText.IsLower(Values.ToText(value).Text)),
        ["upper"] = new((value, _) => PythonText.IsUpper(Values.ToText(value).Text)),
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

    private static bool IsMultiple(object? value, object? divisor) => Values.AreEqual(Operations.Calculate("%", value, divisor), 0L);
}
