using System.Text.Json;
using Llama.Model.Guidance;
using Llama.Model.Tests.Text;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>The law of <see cref="SchemaLawTests"/> held by tokens: a model without any sense, guided token by token, writes what is valid.</summary>
public sealed class TokenLawTests
{
    private const int Tokens = 400, Patience = 40;

    private static readonly Tokenizer Tokenizer = Tokenizer.Load(TextData.Folder("llama"));

    private static readonly HashSet<int> Closing = [.. Enumerable.Range(0, Tokenizer.VocabSize).Where(id => Tokenizer.Decode([id]).Trim() is "\"" or "}" or "]")];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomTokens_UnderARandomSchema_AreValid(int seed)
    {
        string schema = new SchemaMaker(seed).Make();
        NJsonSchema.JsonSchema judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema);
        TokenGrammar grammar = Compile(schema, seed % 2 == 0 ? JsonWhitespace.Compact : JsonWhitespace.Free);
        var random = new Random(seed);
        for (int i = 0; i < 3; i++)
        {
            if (Write(grammar, random) is not { } text) continue;
            using (JsonDocument.Parse(text)) { }
            Assert.True(judge.Validate(text).Count == 0, $"{schema}\n{text}\n{string.Join('\n', judge.Validate(text))}");
        }
    }

    [Fact]
    public void RandomTokens_UnderAnyObject_Parse()
    {
        var grammar = TokenGrammar.Create(JsonSchemaGrammar.AnyObject(new JsonSchemaOptions()), Tokenizer, Tokenizer.VocabSize);
        string[] texts = [.. Enumerable.Range(0, 30).Select(seed => Write(grammar, new Random(seed))).OfType<string>()];
        Assert.True(texts.Length > 15, $"only {texts.Length} came to an end");
        foreach (string text in texts)
        {
            using var document = JsonDocument.Parse(text);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
    }

    private static TokenGrammar Compile(string schema, JsonWhitespace whitespace)
    {
        using var document = JsonDocument.Parse(schema);
        return TokenGrammar.Create(JsonSchemaGrammar.Compile(document.RootElement, new JsonSchemaOptions { Whitespace = whitespace }), Tokenizer, Tokenizer.VocabSize);
    }

    /// <returns>Null if the tokens did not suffice.</returns>
    private static string? Write(TokenGrammar grammar, Random random)
    {
        ITokenGuide guide = grammar.Start(atSequenceStart: true);
        var written = new List<int>();
        while (!guide.IsComplete && !(guide.MayEnd && random.Next(2) == 0))
        {
            if (written.Count == Tokens) return null;
            int token = Draw(guide.Allowed, random, written.Count > Patience);
            guide.Accept(token);
            written.Add(token);
        }
        return Tokenizer.Decode(written.ToArray());
    }

    // Any allowed token; out of patience, one that closes what is open if there is such.
    private static int Draw(ReadOnlySpan<ulong> allowed, Random random, bool hurries)
    {
        var tokens = new List<int>();
        for (int id = 0; id < Tokenizer.VocabSize; id++)
        {
            if ((allowed[id >> 6] >> id & 1) != 0) tokens.Add(id);
        }
        Assert.NotEmpty(tokens);
        int[] closing = hurries ? [.. tokens.Where(Closing.Contains)] : [];
        return closing.Length > 0 && random.Next(8) > 0 ? closing[random.Next(closing.Length)] : tokens[random.Next(tokens.Count)];
    }
}
