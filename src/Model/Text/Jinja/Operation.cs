namespace Llama.Model.Text.Jinja;

/// <summary>What templates call with arguments: a filter, test, method, function or macro.</summary>
/// <param name="Parameters">What it takes, in order: names, "" for what goes by its place alone, <c>*</c> for any number of these, <c>**</c> for any further names.</param>
internal abstract record Operation(string[] Parameters)
{
    /// <summary>Which of these arguments it does not take; null where it takes them all.</summary>
    public string? FaultOf(int positionalCount, IEnumerable<string> names)
    {
        int most = Parameters.Contains("*") ? int.MaxValue : Parameters.Count(parameter => parameter != "**");
        if (positionalCount > most) return $"argument {most + 1}";
        string? unknown = Parameters.Contains("**") ? null : names.FirstOrDefault(name => !Parameters.Skip(positionalCount).Contains(name));
        return unknown is null ? null : $"the argument '{unknown}'";
    }

    /// <exception cref="TemplateException">It does not take one of these arguments.</exception>
    public void Check(string name, Arguments arguments)
    {
        if (FaultOf(arguments.Positional.Count, arguments.Named.Keys) is { } fault) throw new TemplateException($"the chat template gives {fault} to '{name}', which does not take it here");
    }
}

/// <summary>A filter behind <c>|</c>.</summary>
internal sealed record Filter(Func<object?, Arguments, object?> Apply, params string[] Parameters) : Operation(Parameters);

/// <summary>A test behind <c>is</c>.</summary>
internal sealed record Test(Func<object?, Arguments, bool> Holds, params string[] Parameters) : Operation(Parameters);

/// <summary>A method of the values of one type.</summary>
internal sealed record Method<T>(Func<T, Arguments, object?> Call, params string[] Parameters) : Operation(Parameters);

/// <summary>A function or macro, as a value.</summary>
internal sealed record Callable(Func<Arguments, object?> Call, params string[] Parameters) : Operation(Parameters);
