using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>The list of every request field as Markdown: <c>docs/api-fields.md</c>.</summary>
internal static class FieldReference
{
    private const string Opening = """
        # Request fields

        Every field that a request may have, and what becomes of it. Written by `dotnet run --project src/Server -- fields` from the tables that the parser runs on; a
        test holds this file to them.

        - **honoured**: it changes the answer.
        - **accepted**: it is checked, and has no effect because none is possible.
        - **refused**: answered with 400 naming it, unless its value asks for nothing (null, and such as `false` or `[]`).

        A field that is not here is refused as unknown.
        """;

    public static void Write(TextWriter output)
    {
        output.WriteLine(Opening);
        foreach (RouteTable table in RouteTables.All)
        {
            output.WriteLine();
            output.WriteLine("## " + string.Join(", ", table.Routes.Select(route => $"`POST {route}`")));
            output.WriteLine();
            output.WriteLine("| field | takes | what becomes of it | |");
            output.WriteLine("|---|---|---|---|");
            WriteRows(output, "", table.Fields);
        }
    }

    private static void WriteRows(TextWriter output, string prefix, IReadOnlyList<IField> fields)
    {
        foreach (IField field in fields)
        {
            string name = prefix + field.Name, treatment = field.Treatment.ToString().ToLowerInvariant();
            string takes = field.Treatment == FieldTreatment.Refused ? "" : ShapeWords.Of(field.Shape);
            output.WriteLine($"| `{name}`{(field.IsRequired ? " (required)" : "")} | {Cell(takes)} | **{treatment}** | {Cell(field.Note)} |");
            WriteNested(output, name, field.Shape);
        }
    }

    private static void WriteNested(TextWriter output, string name, FieldShape shape)
    {
        if (shape.Fields is { } own)
            WriteRows(output, name + ".", own);
        if (shape.Item is { } item)
            WriteNested(output, name + "[]", item);
        foreach (FieldShape alternative in shape.Alternatives)
            WriteNested(output, name, alternative);
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
