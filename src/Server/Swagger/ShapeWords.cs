using System.Globalization;
using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>Says in words what a field takes.</summary>
internal static class ShapeWords
{
    public static string Of(FieldShape shape) => Of(shape, isMany: false);

    private static string Of(FieldShape shape, bool isMany) => shape switch
    {
        { Alternatives: { Count: > 0 } alternatives } => string.Join(" or ", alternatives.Select(one => Of(one, isMany)).Distinct()),
        { Words: { Count: > 0 } words } => string.Join(", ", words.Select(word => $"`{word}`")),
        { Type: "array", Item: { } item } => $"array{(isMany ? "s" : "")} of {Count(shape)}{Of(item, isMany: true)}",
        { Value: { } value } => $"object{(isMany ? "s" : "")} of {Of(value, isMany: true)}",
        { Type: { } type } => type + (isMany ? "s" : "") + Range(shape),
        _ => "any JSON",
    };

    private static string Count(FieldShape array) => (array.FewestItems ?? 0, array.MostItems) switch
    {
        (0, null) => "",
        (1, null) => "one or more ",
        (var fewest, null) => $"at least {fewest} ",
        (0, { } most) => $"at most {most} ",
        (var fewest, { } most) => $"{fewest} to {most} ",
    };

    /// <summary>Bounds that only say how many bits a number has go without saying.</summary>
    private static string Range(FieldShape shape)
    {
        double? minimum = shape.Minimum is > int.MinValue ? shape.Minimum : null, maximum = shape.Maximum is < int.MaxValue ? shape.Maximum : null;
        string from = minimum is null ? "" : $" {(shape.IsAboveMinimum ? "above" : "from")} {Number(minimum)}";
        return maximum is null ? from : $"{from} to {Number(maximum)}";
    }

    private static string Number(double? number) => number!.Value.ToString("0.##", CultureInfo.InvariantCulture).Replace('-', '−');
}
