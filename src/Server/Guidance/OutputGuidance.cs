using System.Text.Json;
using Llama.Model.Guidance;

namespace Llama.Server.Guidance;

/// <summary>What an answer's text must look like, as a request asks for it.</summary>
/// <param name="Param">Path of the field that asks.</param>
internal abstract record OutputGuidance(string Param)
{
    /// <summary>Equal for requests that ask for the same, whichever field they use: the compiled grammar is kept under it.</summary>
    public abstract string Key { get; }

    /// <summary>Whether it is OpenAI's, which is about what the answer says: calls of tools are not.</summary>
    public bool IsFormat => !Param.StartsWith("guided_", StringComparison.Ordinal) && !Param.StartsWith("structured_outputs", StringComparison.Ordinal);

    /// <summary>The field at fault where compiling fails at a place.</summary>
    public virtual string ParamOf(string path) => path.Length == 0 ? Param : $"{Param}.{path}";

    /// <exception cref="GrammarException">It asks for what cannot be enforced.</exception>
    public abstract Grammar Compile(JsonWhitespace whitespace);
}

/// <summary>Any JSON object.</summary>
internal sealed record JsonObjectGuidance(string Param) : OutputGuidance(Param)
{
    public override string Key => "json_object";

    public override Grammar Compile(JsonWhitespace whitespace) => JsonSchemaGrammar.AnyObject(new JsonSchemaOptions { Whitespace = whitespace });
}

/// <summary>JSON that a schema describes.</summary>
/// <param name="Param">Path of the schema.</param>
/// <param name="Schema">The schema.</param>
/// <param name="Strict">Whether it must keep to OpenAI's strict subset.</param>
internal sealed record JsonSchemaGuidance(string Param, JsonElement Schema, bool Strict) : OutputGuidance(Param)
{
    public override string Key => (Strict ? "strict:" : "schema:") + Schema.GetRawText();

    public override Grammar Compile(JsonWhitespace whitespace) => JsonSchemaGrammar.Compile(Schema, new JsonSchemaOptions { Whitespace = whitespace, Strict = Strict });
}

/// <summary>Text that a regular expression matches from its first character to its last.</summary>
internal sealed record RegexGuidance(string Param, string Pattern) : OutputGuidance(Param)
{
    public override string Key => "regex:" + Pattern;

    public override Grammar Compile(JsonWhitespace whitespace) => Grammar.Regex(Pattern);
}

/// <summary>One of several texts.</summary>
internal sealed record ChoiceGuidance(string Param, IReadOnlyList<string> Texts) : OutputGuidance(Param)
{
    public override string Key => "choice:" + JsonSerializer.Serialize(Texts);

    public override Grammar Compile(JsonWhitespace whitespace) => Grammar.Choice(Texts);
}
