using System.Text;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>What a schema's author would expect to be written can be, and what is invalid cannot.</summary>
public sealed class AcceptedTextTests
{
    private const string Person = """
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0},"email":{"type":"string"}},"required":["name"]}
        """;

    private const string Optional = """{"type":"object","properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}}}""";

    private const string Tree = """
        {"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["v","kids"],"additionalProperties":false}}}
        """;

    [Theory]
    [InlineData(Person, """{"name":"Ann","age":3}""", true)]
    [InlineData(Person, """{"name":"Ann","email":"x"}""", true)]
    [InlineData(Person, """{"age":3,"name":"Ann"}""", false)]
    [InlineData(Person, """{"age":3}""", false)]
    [InlineData(Person, """{"name":"Ann","other":3}""", false)]
    [InlineData(Optional, "{}", true)]
    [InlineData(Optional, """{"a":1}""", true)]
    [InlineData(Optional, """{"b":2}""", true)]
    [InlineData(Optional, """{"a":1,"c":3}""", true)]
    [InlineData(Optional, """{"a":1,"b":2,"c":3}""", true)]
    [InlineData(Optional, """{"a":1,"a":1}""", false)]
    [InlineData(Optional, """{,"b":2}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"required":["b"]}""", """{"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"required":["b"]}""", """{"a":1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"required":["z","a"]}""", """{"a":1,"z":[]}""", true)]
    [InlineData("""{"type":"object","properties":{}}""", "{}", true)]
    [InlineData("""{"type":"object","properties":{}}""", """{"a":1}""", false)]
    [InlineData("""{"type":"object"}""", """{"a":1,"b":[null,{"c":"d"}]}""", true)]
    [InlineData("""{"type":"object","additionalProperties":false}""", "{}", true)]
    [InlineData("""{"type":"object","additionalProperties":false}""", """{"a":1}""", false)]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", """{"x":1,"yy":2}""", true)]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", """{"x":"1"}""", false)]
    [InlineData("""{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"type":"integer"}}""", """{"x":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"ab":{"const":2}},"additionalProperties":true}""", """{"ab":2,"abc":3,"b":4}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"ab":{"const":2}},"additionalProperties":true}""", """{"ab":3}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"ab":{"const":2}},"additionalProperties":true}""", """{"\u0061b":3}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"additionalProperties":true}""", """{"":3}""", false)]
    [InlineData(Tree, """{"v":1,"kids":[{"v":2,"kids":[]},{"v":3,"kids":[{"v":4,"kids":[]}]}]}""", true)]
    [InlineData(Tree, """{"v":1,"kids":[{"v":2}]}""", false)]
    [InlineData("""{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["next"]}""", """{"next":{"next":null}}""", true)]
    [InlineData("""{"type":"object","properties":{"child":{"$ref":"#"}}}""", """{"child":{"child":{}}}""", true)]
    [InlineData("""{"$id":"Node","type":"object","properties":{"nodes":{"type":"array","items":{"$ref":"Node"}}},"required":["nodes"]}""", """{"nodes":[{"nodes":[]}]}""", true)]
    [InlineData("""{"$id":"Node","type":"object","properties":{"nodes":{"type":"array","items":{"$ref":"Node"}}},"required":["nodes"]}""", """{"nodes":[{}]}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"$id":"A","const":1}},"required":["a"]}""", """{"a":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"not":{}}},"required":["a"]}""", """{"a":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"not":{}}},"required":["a"]}""", """{"a":1,"b":1}""", false)]
    [InlineData("""{"anyOf":[{"const":1},{"type":"object","properties":{"b":{"not":true}},"required":["b"]}]}""", "1", true)]
    [InlineData("""{"anyOf":[{"const":1},{"type":"object","properties":{"b":{"not":true}},"required":["b"]}]}""", "{}", false)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1}],"items":{"not":{}}}""", "[1]", true)]
    [InlineData("""{"const":1,"not":false}""", "1", true)]
    [InlineData("""{"properties":{"a":{"$id":"A","properties":{"$ref":{"const":1}},"required":["$ref"]}},"required":["a"]}""", """{"a":{"$ref":1}}""", true)]
    [InlineData("""{"properties":{"a":{"$id":"A","const":{"$ref":"#"}}},"required":["a"]}""", """{"a":{"$ref":"#"}}""", true)]
    [InlineData("""{"const":1,"dependentRequired":{},"dependentSchemas":{},"dependencies":{},"if":{"const":2},"minContains":1}""", "1", true)]
    [InlineData("""{"const":1,"then":false,"else":false,"maxContains":1}""", "1", true)]
    [InlineData("""{"$id":"http://x/y.json#","type":"object","properties":{"a":{"$ref":"http://x/y.json#/$defs/q"}},"required":["a"],"$defs":{"q":{"const":1}}}""", """{"a":1}""", true)]
    [InlineData("""{"properties":{"a~b":{"type":"object","properties":{"c/d":{"const":1}}},"e":{"$ref":"#/properties/a~0b/properties/c~1d"}},"required":["e"]}""", """{"e":1}""", true)]
    public void Object(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    private const string Codes = """{"type":"object","properties":{"id":{"const":1}},"required":["id"],"patternProperties":{"^x_":{"type":"integer"},"^y_":{"type":"null"}},"additionalProperties":false}""";

    private const string Scores = """{"type":"object","propertyNames":{"pattern":"^[a-z]{2}$"},"additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":2}""";

    private const string Colours = """{"type":"object","propertyNames":{"$ref":"#/$defs/colour"},"additionalProperties":{"type":"boolean"},"$defs":{"colour":{"enum":["red","blue"]}}}""";

    [Theory]
    [InlineData(Codes, """{"id":1}""", true)]
    [InlineData(Codes, """{"id":1,"y_a":null,"x_b":7,"x_c":8}""", true)]
    [InlineData(Codes, """{"id":1,"x_b":null}""", false)]
    [InlineData(Codes, """{"id":1,"z":7}""", false)]
    [InlineData(Codes, """{"id":1,"x_\u0062":7}""", false)]
    [InlineData(Scores, """{"ab":1}""", true)]
    [InlineData(Scores, """{"ab":1,"cd":2}""", true)]
    [InlineData(Scores, "{}", false)]
    [InlineData(Scores, """{"ab":1,"cd":2,"ef":3}""", false)]
    [InlineData(Scores, """{"abc":1}""", false)]
    [InlineData(Colours, """{"red":true,"blue":false}""", true)]
    [InlineData(Colours, "{}", true)]
    [InlineData(Colours, """{"green":true}""", false)]
    [InlineData(Colours, """{"red":true,"red":true}""", false)]
    [InlineData("""{"type":"object","properties":{"x_a":{"minimum":3}},"patternProperties":{"^x_":{"type":"integer"}}}""", """{"x_a":4,"x_b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"x_a":{"minimum":3}},"patternProperties":{"^x_":{"type":"integer"}}}""", """{"x_a":4.5}""", false)]
    [InlineData("""{"type":"object","properties":{"x_a":{"minimum":3}},"patternProperties":{"^x_":{"type":"integer"}}}""", """{"x_b":2,"x_a":2}""", false)]
    [InlineData("""{"type":"object","required":["x_a"],"patternProperties":{"^x_":{"type":"integer"}}}""", """{"x_a":"b"}""", false)]
    [InlineData("""{"type":"object","patternProperties":{"^x":{"type":"integer"}},"additionalProperties":true}""", """{"x":1,"xx":2}""", true)]
    [InlineData("""{"type":"object","patternProperties":{"^x":{"type":"integer"}}}""", """{"y":1}""", false)]
    [InlineData("""{"allOf":[{"type":"object","patternProperties":{"^x":{"type":"integer"}}},{"patternProperties":{"^x":{"minimum":3}},"properties":{"a":{"const":1}}}]}""", """{"a":1,"x1":3}""", true)]
    [InlineData("""{"allOf":[{"type":"object","patternProperties":{"^x":{"type":"integer"}}},{"patternProperties":{"^x":{"minimum":3}},"properties":{"a":{"const":1}}}]}""", """{"a":1,"x1":2}""", false)]
    [InlineData("""{"allOf":[{"type":"object","patternProperties":{"^x":{"type":"integer"}}},{"properties":{"x1":{"minimum":3}},"additionalProperties":false}]}""", """{"x1":3}""", true)]
    [InlineData("""{"allOf":[{"type":"object","patternProperties":{"^x":{"type":"integer"}}},{"properties":{"x1":{"minimum":3}},"additionalProperties":false}]}""", """{"x1":3.5}""", false)]
    [InlineData("""{"allOf":[{"type":"object","patternProperties":{"^x":{"type":"integer"}}},{"properties":{"x1":{"minimum":3}},"additionalProperties":false}]}""", """{"x2":3}""", false)]
    [InlineData("""{"type":"object","minProperties":1}""", """{"a":{}}""", true)]
    [InlineData("""{"type":"object","minProperties":1}""", "{}", false)]
    [InlineData("""{"type":"object","properties":{},"minProperties":1}""", """{"a":{}}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"required":["a"],"minProperties":2}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"required":["a"],"minProperties":2}""", """{"a":1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"required":["a"],"minProperties":2}""", """{"a":1,"b":2,"c":3}""", false)] // allowed, and not written without end
    [InlineData("""{"type":"object","maxProperties":0}""", "{}", true)]
    [InlineData("""{"type":"object","maxProperties":1}""", """{"a":1,"b":2}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"required":["a"],"additionalProperties":{"type":"null"},"minProperties":2,"maxProperties":2}""", """{"a":1,"b":null}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1}},"required":["a"],"additionalProperties":{"type":"null"},"minProperties":2,"maxProperties":2}""", """{"a":1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"minProperties":1}""", """{"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"minProperties":1}""", "{}", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"required":["b"],"maxProperties":1}""", """{"a":1,"b":2}""", false)]
    [InlineData("""{"enum":[{"x":1},{"x":"1"},{}],"patternProperties":{"^x":{"type":"integer"}},"minProperties":1}""", """{"x":1}""", true)]
    [InlineData("""{"enum":[{"x":1},{"x":"1"},{}],"patternProperties":{"^x":{"type":"integer"}},"minProperties":1}""", """{"x":"1"}""", false)]
    [InlineData("""{"enum":[{"x":1},{"x":"1"},{}],"patternProperties":{"^x":{"type":"integer"}},"minProperties":1}""", "{}", false)]
    public void NamesAndNumbersOfProperties(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    [Theory]
    [InlineData("""{"type":"array","items":{"enum":["a","b",1,1.0]},"uniqueItems":true}""", "[]", true)]
    [InlineData("""{"type":"array","items":{"enum":["a","b",1,1.0]},"uniqueItems":true}""", """["a","b",1]""", true)]
    [InlineData("""{"type":"array","items":{"enum":["a","b",1,1.0]},"uniqueItems":true}""", """["b"]""", true)]
    [InlineData("""{"type":"array","items":{"enum":["a","b",1,1.0]},"uniqueItems":true}""", "[1,1.0]", false)]
    [InlineData("""{"type":"array","items":{"enum":["a","b",1,1.0]},"uniqueItems":true}""", """["a","a"]""", false)]
    [InlineData("""{"type":"array","items":{"anyOf":[{"enum":["a","b"]},{"type":"boolean"}]},"uniqueItems":true,"minItems":2,"maxItems":3}""", """["a"]""", false)]
    [InlineData("""{"type":"array","items":{"anyOf":[{"enum":["a","b"]},{"type":"boolean"}]},"uniqueItems":true,"minItems":2,"maxItems":3}""", """["a",true,false]""", true)]
    [InlineData("""{"type":"array","items":{"anyOf":[{"enum":["a","b"]},{"type":"boolean"}]},"uniqueItems":true,"minItems":2,"maxItems":3}""", """["a","b",true,false]""", false)]
    [InlineData("""{"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":1}""", """["x"]""", true)]
    [InlineData("""{"enum":[[1,2],[1,1.0]],"uniqueItems":true}""", "[1,2]", true)]
    [InlineData("""{"enum":[[1,2],[1,1.0]],"uniqueItems":true}""", "[1,1.0]", false)]
    public void UniqueItems(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", "[]", true)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":1}""", "[]", false)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}""", "[1]", false)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}""", "[1,2]", true)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}""", "[1,2,3]", true)]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}""", "[1,2,3,4]", false)]
    [InlineData("""{"type":"array","maxItems":0}""", "[]", true)]
    [InlineData("""{"type":"array","items":false}""", "[]", true)]
    [InlineData("""{"type":"array","items":false}""", "[1]", false)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}]}""", "[]", true)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}]}""", "[1]", true)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}]}""", "[1,2]", true)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}]}""", "[1,2,3]", false)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}],"minItems":3}""", "[1,2,\"x\"]", true)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}],"minItems":2}""", "[1]", false)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}],"items":{"type":"null"}}""", "[1,2,null,null]", true)]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"const":2}],"maxItems":1}""", "[1,2]", false)]
    [InlineData("""{"type":"array","items":[{"const":1},{"const":2}],"additionalItems":{"type":"null"}}""", "[1,2,null]", true)]
    [InlineData("""{"type":"array","uniqueItems":false}""", "[1,\"a\",{}]", true)]
    public void Array(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    [Theory]
    [InlineData("""{"type":"string"}""", "\"Grüße, \\\"Welt\\\" 🙂 \\\\ \\n \\u00e9 \\/\"", true)]
    [InlineData("""{"type":"string"}""", "\"\\ud83d\"", false)]
    [InlineData("""{"type":"string"}""", "\"a\nb\"", false)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"a\"", false)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"a\\\"\"", true)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"日本語\"", true)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"é—…\"", true)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"abcd\"", false)]
    [InlineData("""{"type":"string","maxLength":3}""", "\"🙂a\"", true)]
    [InlineData("""{"type":"string","maxLength":3}""", "\"a🙂\"", true)]
    [InlineData("""{"type":"string","maxLength":3}""", "\"🙂🙂\"", false)]
    [InlineData("""{"type":"string","maxLength":1}""", "\"🙂\"", false)]
    [InlineData("""{"type":"string","maxLength":20}""", "\"🙂🙂🙂🙂\\n🙂🙂🙂🙂🙂a\"", true)]
    [InlineData("""{"type":"string","maxLength":20}""", "\"🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂a\"", false)]
    [InlineData("""{"type":"string","minLength":1,"maxLength":3}""", "\"🙂é\"", true)]
    [InlineData("""{"type":"string","minLength":1,"maxLength":1}""", "\"🙂\"", false)]
    [InlineData("""{"type":"string","minLength":2}""", "\"a🙂\"", true)]
    [InlineData("""{"type":"string","minLength":2}""", "\"🙂\"", false)]
    [InlineData("""{"type":"string","minLength":1}""", "\"\U0001F3FD\"", false)] // a skin tone joins what is before it
    [InlineData("""{"type":"string","pattern":"^🙂+$","minLength":1,"maxLength":4}""", "\"🙂🙂\"", true)]
    [InlineData("""{"type":"string","pattern":"^🙂+$","maxLength":4}""", "\"🙂🙂🙂\"", false)]
    [InlineData("""{"type":"string","pattern":"^🙂?a$","maxLength":3}""", "\"🙂a\"", true)]
    [InlineData("""{"type":"string","minLength":1}""", "\"a🙂\"", true)]
    [InlineData("""{"type":"string","maxLength":0}""", "\"\"", true)]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "\"abc\"", true)]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "\"aBc\"", false)]
    [InlineData("""{"type":"string","pattern":"b"}""", "\"abc\"", true)]
    [InlineData("""{"type":"string","pattern":"^\"\\n$"}""", "\"\\\"\\n\"", true)]
    [InlineData("""{"type":"string","pattern":"^[^b]{2}$"}""", "\"\\\\\\\"\"", true)]
    [InlineData("""{"type":"string","pattern":"^a*$","minLength":2,"maxLength":3}""", "\"aa\"", true)]
    [InlineData("""{"type":"string","pattern":"^a*$","minLength":2,"maxLength":3}""", "\"aaaa\"", false)]
    [InlineData("""{"type":"string","pattern":"^a","allOf":[{"pattern":"b$"}]}""", "\"acb\"", true)]
    [InlineData("""{"type":"string","pattern":"^a","allOf":[{"pattern":"b$"}]}""", "\"ac\"", false)]
    [InlineData("""{"type":"string","format":"password"}""", "\"x y\"", true)]
    [InlineData("""{"pattern":"^a$"}""", "\"a\"", true)]
    [InlineData("""{"pattern":"^a$"}""", "7", false)]
    public void String(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    [Theory]
    [InlineData("""{"enum":["a",1,null,{"k":[1,"é"]},"\ud83d\ude42\n"]}""", """{"k":[1,"é"]}""", true)]
    [InlineData("""{"enum":["a",1,null,{"k":[1,"é"]},"\ud83d\ude42\n"]}""", "\"🙂\\n\"", true)]
    [InlineData("""{"enum":["a",1,null]}""", "2", false)]
    [InlineData("""{"type":"string","enum":["a",1,null]}""", "1", false)]
    [InlineData("""{"type":["string","null"],"enum":["a",1,null]}""", "null", true)]
    [InlineData("""{"type":"integer","minimum":2,"enum":[1,2.0,2.5,3]}""", "2.0", true)]
    [InlineData("""{"type":"integer","minimum":2,"enum":[1,2.0,2.5,3]}""", "2.5", false)]
    [InlineData("""{"enum":["a","bcd"],"maxLength":2}""", "\"bcd\"", false)]
    [InlineData("""{"type":"string","enum":["👍","a"],"maxLength":1}""", "\"👍\"", true)]
    [InlineData("""{"enum":["👍🏽","a"],"minLength":2}""", "\"👍🏽\"", true)]
    [InlineData("""{"enum":["👍🏽","a"],"maxLength":1}""", "\"👍🏽\"", false)]
    [InlineData("""{"enum":[{"k":1},{"k":"x"}],"properties":{"k":{"type":"string"}}}""", """{"k":1}""", false)]
    [InlineData("""{"enum":[{"k":1},{"k":"x"}],"properties":{"k":{"type":"string"}}}""", """{"k":"x"}""", true)]
    [InlineData("""{"enum":[[1],[1,2]],"minItems":2}""", "[1]", false)]
    [InlineData("""{"enum":[1,2,3],"const":2}""", "2", true)]
    [InlineData("""{"enum":[1,2,3],"const":2.0}""", "1", false)]
    [InlineData("""{"const":{"a":[true,"\u001f"]}}""", """{"a":[true,"\u001f"]}""", true)]
    public void ListedValues(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    [Theory]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", "null", true)]
    [InlineData("""{"type":["string","null"]}""", "null", true)]
    [InlineData("""{"type":["string","null"]}""", "1", false)]
    [InlineData("""{"anyOf":[{"type":"integer","minimum":5},{"type":"integer","maximum":2}]}""", "3", false)]
    [InlineData("""{"type":"integer","anyOf":[{"minimum":5},{"maximum":2}]}""", "1", true)]
    [InlineData("""{"type":"integer","anyOf":[{"minimum":5},{"maximum":2}]}""", "4", false)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"string"}]}""", "4", true)]
    [InlineData("""{"oneOf":[{"const":1},{"const":2}]}""", "2", true)]
    [InlineData("""{"oneOf":[{"type":"number","exclusiveMaximum":5},{"type":"integer","minimum":5}]}""", "5", true)]
    [InlineData("""{"oneOf":[{"type":"string","maxLength":2},{"type":"string","minLength":3}]}""", "\"abc\"", true)]
    [InlineData("""{"oneOf":[{"type":"array","maxItems":1},{"type":"array","minItems":2,"items":{"type":"null"}}]}""", "[null,null]", true)]
    [InlineData("""{"oneOf":[{"required":["a"],"additionalProperties":false,"properties":{"a":{}}},{"required":["b"],"additionalProperties":false,"properties":{"b":{}}}],"type":"object"}""", """{"b":1}""", true)]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"enum":["b","c"]},"sub":{"$ref":"#"}},"required":["sub","k"]}]}""", """{"k":"b","sub":{"k":"a"}}""", true)]
    [InlineData("""{"allOf":[{"type":"integer"},{"minimum":3},{"maximum":4}]}""", "4", true)]
    [InlineData("""{"allOf":[{"type":"integer"},{"minimum":3},{"maximum":4}]}""", "5", false)]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/base"},{"type":"object","properties":{"b":{"const":2}},"required":["b"]}],"$defs":{"base":{"type":"object","properties":{"a":{"const":1}},"required":["a"]}}}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"properties":{"a":{"minimum":3}},"required":["a"],"allOf":[{"properties":{"a":{"type":"integer","maximum":3}}}]}""", """{"a":3}""", true)]
    [InlineData("""{"properties":{"a":{"minimum":3}},"required":["a"],"allOf":[{"properties":{"a":{"type":"integer","maximum":3}}}]}""", """{"a":2}""", false)]
    [InlineData("""{"$ref":"#/$defs/n","maximum":3,"$defs":{"n":{"type":"integer"}}}""", "4", false)]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":false}}""", """{"a":1}""", true)]
    [InlineData("true", """[{"a":[1.5e3,null,"x",true]}]""", true)]
    [InlineData("{}", "false", true)]
    [InlineData("""{"title":"t","description":"d","default":1,"examples":[1],"$comment":"c","deprecated":true,"readOnly":false,"x-own":{},"$schema":"s","$id":"i"}""", "1", true)]
    [InlineData("""{"type":"integer","minLength":3,"pattern":"x","format":"email"}""", "1", true)]
    [InlineData("""{"type":"number","multipleOf":1}""", "12", true)]
    [InlineData("""{"type":"number","multipleOf":1}""", "1.5", false)]
    [InlineData("""{"type":"number","multipleOf":1}""", "15e-1", false)]
    [InlineData("""{"type":"number","multipleOf":1.0,"maximum":9}""", "1.5", false)]
    [InlineData("""{"allOf":[{"type":"number"},{"multipleOf":1}]}""", "1.5", false)]
    [InlineData("""{"enum":[1.5,2],"multipleOf":1}""", "1.5", false)]
    [InlineData("""{"enum":[1.5,2],"multipleOf":1}""", "2", true)]
    [InlineData("""{"type":"string","pattern":"b","enum":["abc","xyz"]}""", "\"abc\"", true)]
    [InlineData("""{"type":"string","pattern":"b","enum":["abc","xyz"]}""", "\"xyz\"", false)]
    [InlineData("""{"type":["string","null"],"format":"date","enum":["2020-02-29",null]}""", "\"2020-02-29\"", true)]
    [InlineData("""{"type":["string","null"],"format":"date","enum":["2020-02-29",null]}""", "null", true)]
    [InlineData("""{"const":"2020-01-01","format":"date","type":"string"}""", "\"2020-01-01\"", true)]
    [InlineData("""{"type":"string","format":"starts_with","pattern":"^ab.*"}""", "\"abc\"", true)]
    [InlineData("""{"type":"string","format":"starts_with","pattern":"^ab.*"}""", "\"ba\"", false)]
    [InlineData("""{"type":"string","format":"ends_with","allOf":[{"pattern":"^ab.*"},{"pattern":".*z$"}]}""", "\"abz\"", true)]
    [InlineData("""{"type":"string","format":"ends_with","allOf":[{"pattern":"^ab.*"},{"pattern":".*z$"}]}""", "\"ab\"", false)]
    [InlineData("""{"type":"string","format":"includes","allOf":[{"type":"string","pattern":"^a"},{"type":"string","pattern":"b"}]}""", "\"ab\"", true)]
    [InlineData("""{"type":"string","format":"mac","pattern":"^(?:[0-9A-F]{2}:){5}[0-9A-F]{2}$|^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$"}""", "\"00:1b:63:84:45:e6\"", true)]
    [InlineData("""{"type":"string","format":"mac","pattern":"^(?:[0-9A-F]{2}:){5}[0-9A-F]{2}$|^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$"}""", "\"00:1b:63\"", false)]
    [InlineData("""{"type":"string","format":"md5_base64url","pattern":"^[A-Za-z0-9_-]{22}$"}""", "\"XUFAKrxLKna5cZ2REBfFkg\"", true)]
    [InlineData("""{"type":"string","format":"md5_base64url","pattern":"^[A-Za-z0-9_-]{22}$"}""", "\"XUFA\"", false)]
    public void Combinations(string schema, string text, bool isWritten) => Assert.Equal(isWritten, Schemas.Accepts(schema, text));

    [Theory]
    [InlineData("{\n  \"name\": \"Ann\",\n  \"age\": 3\n}")]
    [InlineData("{ \"name\": \"Ann\", \"age\": 3 }")]
    [InlineData("{\"name\": \"Ann\", \"age\": 3}")]
    [InlineData("{\"name\":\"Ann\"}")]
    public void FreeWhitespace_AsWritersUseIt_CanBeWritten(string text)
    {
        Assert.True(Schemas.Accepts(Person, text, JsonWhitespace.Free));
        Assert.Equal(!text.Contains(' '), Schemas.Accepts(Person, text));
    }

    [Theory]
    [InlineData("{\"name\":  \"Ann\"}")]
    [InlineData("{\n\n\"name\":\"Ann\"}")]
    [InlineData(" {\"name\":\"Ann\"}")]
    [InlineData("{\"name\" :\"Ann\"}")]
    public void FreeWhitespace_WithoutBound_CannotBeWritten(string text) => Assert.False(Schemas.Accepts(Person, text, JsonWhitespace.Free));

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"name":"x","age":3,"tags":["a",{"b":null}]}""", true)]
    [InlineData("[]", false)]
    [InlineData("3", false)]
    [InlineData("""{"name":"x",}""", false)]
    public void AnyObject(string text, bool isWritten) =>
        Assert.Equal(isWritten, ExpressionMatcher.Matches(JsonSchemaGrammar.AnyObject(new JsonSchemaOptions()).Start, text));

    [Fact]
    public void AnyObject_NestedDeeperThanReadersGo_CannotBeWritten()
    {
        Expression grammar = JsonSchemaGrammar.AnyObject(new JsonSchemaOptions()).Start;
        Assert.True(ExpressionMatcher.Matches(grammar, Nested(30)));
        Assert.False(ExpressionMatcher.Matches(grammar, Nested(64)));
    }

    private static string Nested(int depth)
    {
        var text = new StringBuilder();
        for (int i = 0; i < depth; i++) text.Append("{\"a\":");
        return text.Append('1').Append('}', depth).ToString();
    }
}
