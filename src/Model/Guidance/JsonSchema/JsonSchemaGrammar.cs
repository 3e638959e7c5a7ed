using System.Text.Json;
using Llama.Model.Guidance.JsonSchema;

namespace Llama.Model.Guidance;

/// <summary>JSON Schema as a grammar: whatever a model writes under it parses and is valid.</summary>
/// <remarks>
/// <para>
/// Written is a part of what is valid: properties in the schema's order; integers of at most 15 digits and as many decimals, so that every reader sees the same number; other than
/// declared properties only where <c>additionalProperties</c> or <c>patternProperties</c> says so or no property is declared; strings with a length of characters that every validator
/// counts as one, unless the schema lists them, where code points count; items that must differ in the order in which the schema lists them.
/// </para>
/// <para>
/// Not supported, and refused by name unless they say nothing: <c>not</c>, <c>if</c>, <c>unevaluated…</c>, <c>dependent…</c>, <c>contains</c>, <c>uniqueItems</c> of values that the schema does not list, numbers of
/// properties that cannot be counted, patterns of names that overlap, multiples of numbers with many digits (without the point beyond 128, or 10,000
/// with no other prime factors than 2 and 5), and <c>oneOf</c> whose branches cannot be told apart.
/// </para>
/// </remarks>
public static class JsonSchemaGrammar
{
    /// <summary>The JSON texts that a schema describes.</summary>
    /// <param name="schema">A schema of draft 2020-12, or an earlier one where it differs only in spelling; it is not kept.</param>
    /// <param name="options">White space and strictness.</param>
    /// <exception cref="GrammarException">The schema is malformed, can never be satisfied, or asks for what is not supported; the path says where.</exception>
    public static Grammar Compile(JsonElement schema, JsonSchemaOptions options) => new(Express(schema, options));

    /// <summary>Any JSON object.</summary>
    public static Grammar AnyObject(JsonSchemaOptions options) => new(new JsonValues(new JsonLayout(options.Whitespace)).AnyObject);

    /// <summary>The JSON texts that a schema describes, to stand within a larger grammar.</summary>
    internal static Expression Express(JsonElement schema, JsonSchemaOptions options)
    {
        var document = new SchemaDocument(schema);
        var reader = new SchemaReader(document, options.Strict);
        var values = new ValueText(reader, new JsonLayout(options.Whitespace));
        Expression start = values.Write(document.Root);
        new BranchCheck(reader).Run();
        Satisfiability.Check(start, values.Places);
        return start;
    }
}
