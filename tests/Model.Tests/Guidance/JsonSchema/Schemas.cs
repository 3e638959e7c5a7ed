using System.Text.Json;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Schemas by their text.</summary>
internal static class Schemas
{
    public static Expression Compile(string schema, JsonWhitespace whitespace = JsonWhitespace.Compact, bool strict = false)
    {
        using var document = JsonDocument.Parse(schema); // disposed: a grammar keeps nothing of it
        return JsonSchemaGrammar.Compile(document.RootElement, new JsonSchemaOptions { Whitespace = whitespace, Strict = strict }).Start;
    }

    public static bool Accepts(string schema, string text, JsonWhitespace whitespace = JsonWhitespace.Compact) => ExpressionMatcher.Matches(Compile(schema, whitespace), text);

    public static GrammarException Refusal(string schema, bool strict = false) => Assert.Throws<GrammarException>(() => Compile(schema, strict: strict));
}
