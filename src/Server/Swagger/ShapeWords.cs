using System.Globalization;
using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>Says in words what a field takes.</summary>
internal static class ShapeWords
{
    public static string Of(FieldShape shape) => shape switch
    {
        { Alternatives: { Count: > 0 } alternatives } => string.Join(" or ", alternatives.Select(Of)),
        { Words: { Count: > 0 } words } => string.Join(", ", words.Select(word => $"`{word}`")),
        { Type: "array" } => $"array of {Count(shape)}{(shape.Item is { } item ? Of(item) : "anything")}",
        { Value: { } value } => $"object of {Of(value)}",
        { Type: { } type } => type + Range(shape),
        _ => "any JSON",
    };

    private static string Count(FieldShape array) => (array.FewestItems ?? 0, array.MostItems) switch
    {
        (0, null) => "",
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
