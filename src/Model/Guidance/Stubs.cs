using System.Text.Json;
using Llama.Model.Text;

namespace Llama.Model.Guidance;

public sealed partial class Grammar
{
    public static Grammar Regex(string pattern) => throw new GrammarException("", $"not built: {pattern}");

    public static Grammar Choice(IReadOnlyList<string> texts) => AnyOf([.. texts.Select(Text)]);
}

public sealed class TokenGrammar
{
    public static TokenGrammar Create(Grammar grammar, Tokenizer tokenizer, int vocabSize) => throw new GrammarException("", "not built");

    public ITokenGuide Start(bool atSequenceStart) => throw new NotSupportedException();
}

public sealed class TokenExclusion
{
    public static TokenExclusion Create(IReadOnlyList<string> texts, Tokenizer tokenizer, int vocabSize) => throw new GrammarException("", "not built");

    public ITokenGuide Start(bool atSequenceStart) => throw new NotSupportedException();
}

public enum JsonWhitespace
{
    Compact,
    Free,
}

public sealed record JsonSchemaOptions(JsonWhitespace Whitespace, bool Strict);

public static class JsonSchemaGrammar
{
    public static Grammar Compile(JsonElement schema, JsonSchemaOptions options) => throw new GrammarException("", "not built");

    public static Grammar AnyObject(JsonSchemaOptions options) => throw new GrammarException("", "not built");
}
