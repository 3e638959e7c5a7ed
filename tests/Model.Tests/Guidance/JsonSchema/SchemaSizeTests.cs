using System.Text.Json;
using Llama.Model.Guidance;
using Llama.Model.Guidance.Automata;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Large and tangled schemas stay in proportion, or are refused in words.</summary>
public sealed class SchemaSizeTests
{
    [Fact]
    public void Enum_OfTenThousandValues_Compiles()
    {
        string schema = $"{{\"enum\":[{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"value {i}\""))}]}}";
        Assert.True(Schemas.Accepts(schema, "\"value 9999\""));
        Assert.False(Schemas.Accepts(schema, "\"value 10000\""));
    }

    [Fact]
    public void OptionalProperties_ByTheHundred_GrowInProportion()
    {
        int small = Places(Optional(50)), large = Places(Optional(500));
        Assert.InRange(large, small, 11 * small);
        Assert.True(Schemas.Accepts(Optional(500), """{"p0":1,"p250":2,"p499":3}"""));
        Assert.False(Schemas.Accepts(Optional(500), """{"p250":2,"p0":1}"""));
    }

    [Fact]
    public void References_ThatShareDefinitions_AreWrittenOnce() =>
        Assert.InRange(Places(Chain(40, """{"type":"object","properties":{"a":{"$ref":"@"},"b":{"$ref":"@"}},"required":["a","b"]}""")), 1, 10_000);

    [Theory]
    [InlineData("""{"allOf":[{"$ref":"@"},{"$ref":"@"}]}""")]
    [InlineData("""{"anyOf":[{"$ref":"@"},{"$ref":"@"}]}""")]
    public void References_InPlaceThatShareDefinitions_AreReadOnce(string link) => Assert.True(Schemas.Accepts(Chain(40, link), "null"));

    [Fact]
    public void Nesting_AsDeepAsReadersGo_Compiles()
    {
        string schema = string.Concat(Enumerable.Repeat("""{"type":"object","properties":{"a":""", 200)) + "{}" + string.Concat(Enumerable.Repeat("}}", 200));
        using var document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 1_000 });
        Assert.NotNull(JsonSchemaGrammar.Compile(document.RootElement, new JsonSchemaOptions()));
    }

    [Fact]
    public void References_InALongChain_AreRefusedInWords() => Assert.Contains("flatten", Schemas.Refusal(Chain(5_000, """{"$ref":"@"}""")).Message);

    [Fact]
    public void Chains_ThroughProperties_MayBeLong() =>
        Assert.NotNull(Schemas.Compile(Chain(5_000, """{"type":"object","properties":{"n":{"$ref":"@"}},"required":["n"]}""")));

    [Fact]
    public void Alternatives_ThatMultiply_AreRefusedInWords()
    {
        string branches = string.Join(',', Enumerable.Range(0, 10).Select(i => """{"type":"object","properties":{"@":{}}}""".Replace("@", $"a{i}", StringComparison.Ordinal)));
        string choices = string.Join(',', Enumerable.Repeat($"{{\"anyOf\":[{branches}]}}", 6));
        Assert.Contains("combine", Schemas.Refusal($"{{\"allOf\":[{choices}]}}").Message);
    }

    [Fact]
    public void Conditions_TooLargeTogether_AreRefusedWithTheirPlace()
    {
        GrammarException e = Schemas.Refusal("""{"type":"object","properties":{"p":{"type":"string","pattern":"[a-c].{9}[d-f].{9}x","minLength":3000}}}""");
        Assert.Equal("properties.p", e.Path);
        Assert.Contains("too large together", e.Message);
    }

    [Fact]
    public void Values_TooManyOfThem_AreRefusedAsThat()
    {
        GrammarException e = Schemas.Refusal($"{{\"type\":\"object\",\"properties\":{{\"p\":{{\"enum\":[{Each(50_000, "\"v#\"")}]}}}}}}");
        Assert.Equal("properties.p", e.Path);
        Assert.Contains("lists too many values (50000 here)", e.Message);
    }

    [Fact]
    public void Conditions_ThatContradict_AreToldSo() =>
        Assert.Contains("never be satisfied", Schemas.Refusal("""{"type":"string","pattern":"^a$","minLength":3}""").Message);

    // Each of these took many seconds, or gigabytes, before it was noted as work.
    [Theory]
    [MemberData(nameof(Costly))]
    public void CostlySchemas_AreRefusedInWordsBeforeTheyCost(string name, string schema)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Matches("too much|too many|too long|more than", Schemas.Refusal(schema).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_500_000_000, name);
    }

    public static TheoryData<string, string> Costly => new()
    {
        { "required", """{"type":"object","propertyNames":{"enum":[@]},"required":[@]}""".Replace("@", Each(60_000, "\"p#\""), StringComparison.Ordinal) },
        { "names", Properties(1, $"\"{new string('n', 1_000_000)}\":{Properties(15_000, "\"c#\":{}")}") },
        { "patterns", Properties(9_000, """ "p#":{"type":"string","pattern":"^\\p{L}\\P{Lu}#$"} """) },
        { "formats", Properties(9_000, """ "p#":{"type":"string","format":"date-time"} """) },
        { "numbers", Properties(9_000, """ "p#":{"type":"number","minimum":-#.123456,"maximum":1234567890123.7} """) },
        { "others", Properties(19_000, """ "p#p#p#p#p#p#p#p#p#p#p#p#":true """) },
        { "branches", $"{{\"oneOf\":[{Each(1_900, """{"type":"object","properties":{"k":{"const":#}},"required":["k"]}""")}]}}" },
    };

    private static string Properties(int count, string property) => $"{{\"type\":\"object\",\"additionalProperties\":{{}},\"properties\":{{{Each(count, property)}}}}}";

    private static string Each(int count, string item) => string.Join(',', Enumerable.Range(0, count).Select(i => item.Replace("#", $"{i}", StringComparison.Ordinal)));

    [Fact]
    public void Names_LongerThanAnyone_StayApartFromOthers()
    {
        string name = new('n', 5_000), schema = $"{{\"type\":\"object\",\"properties\":{{\"{name}\":{{\"const\":1}}}},\"additionalProperties\":true}}";
        Assert.True(Schemas.Accepts(schema, $"{{\"{name}\":1,\"nn\":2}}"));
        Assert.False(Schemas.Accepts(schema, $"{{\"{name}\":2}}"));
    }

    // Definitions of which each refers to the next where it says @; the last is null.
    private static string Chain(int length, string link)
    {
        IEnumerable<string> links = Enumerable.Range(0, length).Select(i => $"\"d{i}\":{link.Replace("@", $"#/$defs/d{i + 1}", StringComparison.Ordinal)},");
        return $"{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{string.Concat(links)}\"d{length}\":{{\"type\":\"null\"}}}}}}";
    }

    private static int Places(string schema) => AutomatonBuilder.Build(Schemas.Compile(schema)).NodeCount;

    private static string Optional(int count) =>
        $"{{\"type\":\"object\",\"properties\":{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"p{i}\":{{\"type\":\"integer\"}}"))}}}}}";
}
