using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Llama.Server.Bench.Measuring;

/// <summary>Options of the kinds that the bench verbs share; a bad value is answered with the option's name and what it takes.</summary>
internal static class BenchOptions
{
    private delegate bool TryParse<T>(string text, out T value);

    /// <summary>A whole number of at least <paramref name="least"/>.</summary>
    public static Option<int> Count(string name, string description, int value, int least = 1) => new(name)
    {
        Description = description,
        HelpName = "count",
        DefaultValueFactory = _ => value,
        CustomParser = result => One<int>(result, (string text, out int number) => TryCount(text, least, out number), $"a whole number of at least {least}"),
    };

    /// <summary>The same where no single number is the default.</summary>
    public static Option<int?> OptionalCount(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "count",
        CustomParser = result => One<int?>(result, TryOptionalCount, "a whole number of at least 1"),
    };

    /// <summary>Several such numbers, measured in turn.</summary>
    public static Option<int[]> Counts(string name, string description, params int[] values) => new(name)
    {
        Description = description,
        HelpName = "count …",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => values,
        CustomParser = result => Many<int>(result, (string text, out int number) => TryCount(text, 1, out number), "whole numbers of at least 1"),
    };

    /// <summary>A number, whole or not, that <paramref name="isRight"/> takes.</summary>
    public static Option<double?> OptionalNumber(string name, string description, string wanted, Func<double, bool> isRight) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = result => One<double?>(result, (string text, out double? number) => TryNumber(text, isRight, out number), wanted),
    };

    /// <summary>Any whole number.</summary>
    public static Option<long?> OptionalSeed(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = result => One<long?>(result, TrySeed, "a whole number"),
    };

    /// <summary>A number of tokens, fixed or a range.</summary>
    public static Option<NumberRange> Tokens(string name, string description, int value) => new(name)
    {
        Description = description,
        HelpName = "n|a..b",
        DefaultValueFactory = _ => new NumberRange(value, value),
        CustomParser = result => One<NumberRange?>(result, NumberRange.TryParse, "a whole number of at least 1, or a range such as 32..512"),
    };

    /// <summary>An absolute http or https address.</summary>
    public static Option<Uri?> Url(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "url",
        CustomParser = result => One<Uri?>(result, TryUrl, "an address such as http://localhost:8080"),
    };

    private static T? One<T>(ArgumentResult result, TryParse<T> tryParse, string wanted) => Many(result, tryParse, wanted) is [.., T value] ? value : default;

    private static T[] Many<T>(ArgumentResult result, TryParse<T> tryParse, string wanted)
    {
        List<T> values = [];
        foreach (Token token in result.Tokens)
        {
            if (tryParse(token.Value, out T value)) values.Add(value);
            else result.AddError($"{((OptionResult)result.Parent!).Option.Name} is '{token.Value}'; give {wanted}.");
        }
        return [.. values];
    }

    private static bool TryCount(string text, int least, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least;

    private static bool TryOptionalCount(string text, out int? number)
    {
        number = TryCount(text, 1, out int value) ? value : null;
        return number is not null;
    }

    private static bool TryNumber(string text, Func<double, bool> isRight, out double? number)
    {
        number = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && isRight(value) ? value : null;
        return number is not null;
    }

    private static bool TrySeed(string text, out long? seed)
    {
        seed = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;
        return seed is not null;
    }

    private static bool TryUrl(string text, out Uri? url) => Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https";
}
