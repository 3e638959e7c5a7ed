using Llama.Model.Guidance;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance.JsonSchema;

public sealed class RefusedSchemaTests
{
    [Theory]
    [InlineData("""{"type":"object","properties":{"age":{"type":"number","multipleOf":0.333}}}""", "properties.age.multipleOf", "0.333")]
    [InlineData("""{"type":"number","multipleOf":1e-15}""", "multipleOf", "0.000000000000001")]
    [InlineData("""{"allOf":[{"type":"number","multipleOf":0.127},{"multipleOf":1.1}]}""", "multipleOf", "139.7")]
    [InlineData("""{"format":"\ud800"}""", "format", "valid Unicode")]
    [InlineData("""{"type":"number","format":"\ud800"}""", "format", "valid Unicode")]
    [InlineData("""{"type":"integer","multipleOf":997}""", "multipleOf", "997")]
    [InlineData("""{"type":"integer","multipleOf":0}""", "multipleOf", "above 0")]
    [InlineData("""{"not":{"type":"string"}}""", "not", "'not'")]
    [InlineData("""{"if":{},"then":{}}""", "if", "anyOf")]
    [InlineData("""{"type":"object","patternProperties":{"^x":{},"y$":{}}}""", "patternProperties.y$", "one only")]
    [InlineData("""{"type":"object","patternProperties":{"(?=x)":{}}}""", "patternProperties.(?=x)", "lookaround")]
    [InlineData("""{"type":"object","patternProperties":{"^x":{}},"additionalProperties":{"type":"null"}}""", "additionalProperties", "patternProperties")]
    [InlineData("""{"type":"object","properties":{"١":{}},"patternProperties":{"^\\d$":{}}}""", "patternProperties[\"^\\\\d$\"]", "cannot be told")]
    [InlineData("""{"type":"object","properties":{"a":{"unevaluatedProperties":false}}}""", "properties.a.unevaluatedProperties", "additionalProperties")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", "dependentRequired", "anyOf")]
    [InlineData("""{"type":"array","contains":{}}""", "contains", "items")]
    [InlineData("""{"type":"array","contains":{},"minContains":0}""", "contains", "items")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "uniqueItems", "repeated")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"uniqueItems":true,"maxItems":2}""", "uniqueItems", "repeated")]
    [InlineData("""{"type":"object","minProperties":2}""", "minProperties", "required")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"required":["a"],"minProperties":2}""", "minProperties", "required")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{},"c":{}},"maxProperties":2}""", "maxProperties", "at most 2")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"(?=a)"}}""", "propertyNames.pattern", "lookaround")]
    [InlineData("""{"$dynamicRef":"#x"}""", "$dynamicRef", "$ref")]
    [InlineData("""{"type":"string","nullable":true}""", "nullable", "\"null\"")]
    [InlineData("""{"type":"string","format":"iri"}""", "format", "'iri'")]
    [InlineData("""{"type":"string","format":"iri","pattern":"^a"}""", "format", "'iri'")]
    [InlineData("""{"type":"string","format":"regex","pattern":"^\\("}""", "format", "'regex'")]
    [InlineData("""{"type":"string","format":"url","pattern":"^https:"}""", "format", "'url'")]
    [InlineData("""{"type":"string","format":"time-span","allOf":[{"pattern":"^1"}]}""", "format", "'time-span'")]
    [InlineData("""{"type":"string","format":"mac"}""", "format", "'mac'")]
    [InlineData("""{"type":"string","format":"duration","pattern":"^P(?=.)"}""", "pattern", "look")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "pattern", "lookaround")]
    [InlineData("""{"type":"string","enum":["1","\u0661"],"pattern":"^\\d$"}""", "pattern", "listed")]
    [InlineData("""{"type":"string","enum":["2020-01-01","2020-02-30"],"format":"date"}""", "format", "2020-02-30")]
    [InlineData("""{"type":"string","format":"starts_with"}""", "format", "'starts_with'")]
    [InlineData("""{"type":"object","proprties":{}}""", "proprties", "not a keyword")]
    [InlineData("""{"type":"text"}""", "type", "'text'")]
    [InlineData("""{"type":[]}""", "type", "at least one")]
    [InlineData("""{"type":7}""", "type", "string")]
    [InlineData("""{"properties":{"a.b":{"properties":{"c":{"type":"x"}}}},"type":"object"}""", "properties[\"a.b\"].properties.c.type", "'x'")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"type":"null"},{"type":"array","items":{"not":{"const":1}}}]}}}""", "$defs.a.anyOf[1].items.not", "'not'")]
    [InlineData("""{"$ref":"http://example.com/a"}""", "$ref", "within the schema")]
    [InlineData("""{"$id":"http://example.com/a","properties":{"b":{"$ref":"http://example.com/ab"}}}""", "properties.b.$ref", "within the schema")]
    [InlineData("""{"$id":"http://example.com/a","properties":{"b":{"$ref":"http://example.com/a#/$defs/none"}}}""", "properties.b.$ref", "Nothing stands")]
    [InlineData("""{"$id":"\ud800","properties":{"b":{"$ref":"b"}}}""", "$id", "Unicode")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "$ref", "Nothing stands")]
    [InlineData("""{"properties":{"a":{"$id":"x","items":{"$ref":"#"}}}}""", "properties.a.$id", "root")]
    [InlineData("""{"properties":{"a":{"$id":"x","properties":{"properties":{"$ref":"#"}}}}}""", "properties.a.$id", "root")]
    [InlineData("""{"properties":{"a":{"$id":"x"},"b":{"$ref":"x"}}}""", "properties.b.$ref", "within the schema")]
    [InlineData("""{"type":"string","not":{}}""", "", "never be satisfied")]
    [InlineData("""{"anyOf":[]}""", "anyOf", "at least one")]
    [InlineData("""{"enum":[]}""", "enum", "at least one")]
    [InlineData("""{"type":"string","minLength":-1}""", "minLength", "at least 0")]
    [InlineData("""{"type":"string","minLength":1.5}""", "minLength", "integer")]
    [InlineData("""{"type":"string","minLength":100000}""", "minLength", "10,000")]
    [InlineData("""{"type":"number","minimum":"1"}""", "minimum", "number")]
    [InlineData("""{"type":"integer","minimum":1e15}""", "minimum", "at most 15 digits")]
    [InlineData("""{"properties":{"a":{"type":"integer","exclusiveMaximum":-1e20}},"required":["a"]}""", "properties.a.exclusiveMaximum", "at most 15 digits")]
    [InlineData("""{"type":"number","minimum":1e999999999999}""", "minimum", "out of range")]
    [InlineData("""{"const":"\ud800"}""", "const", "Unicode")]
    [InlineData("""{"properties":{"\ud800":{}}}""", "properties", "Unicode")]
    [InlineData("""{"\ud800":{}}""", "", "Unicode")]
    [InlineData("""{"properties":[]}""", "properties", "object")]
    [InlineData("""{"properties":{"a":7}}""", "properties.a", "object or a boolean")]
    [InlineData("""{"required":"a"}""", "required", "array of names")]
    [InlineData("""{"required":[1]}""", "required[0]", "string")]
    [InlineData("\"x\"", "", "object or a boolean")]
    public void Unsupported_IsNamedWithItsPlaceAndARemedy(string schema, string path, string message)
    {
        using OtherCulture culture = new();
        GrammarException e = Schemas.Refusal(schema);
        Assert.Equal(path, e.Path);
        Assert.Contains(message, e.Message);
    }

    [Theory]
    [InlineData("false", "")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "properties.a")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"required":["a"],"$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"},"minItems":1}}}""", "$defs.n.items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","minimum":3,"maximum":2}},"required":["a"]}""", "")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","minItems":3,"maxItems":2}},"required":["a"]}""", "properties.a")]
    [InlineData("""{"type":"string","enum":[1,2]}""", "")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""", "")]
    [InlineData("""{"type":"integer","minimum":1e20,"maximum":2}""", "")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"null"}]}""", "")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false},{"type":"object","properties":{"b":{}},"required":["b"],"additionalProperties":false}]}""", "")]
    [InlineData("""{"type":"object","required":["a"],"additionalProperties":false}""", "")]
    [InlineData("""{"type":"object","required":["a","b"],"maxProperties":1}""", "")]
    [InlineData("""{"type":"object","properties":{"a":{}},"required":["a"],"minProperties":2,"additionalProperties":false}""", "")]
    [InlineData("""{"type":"object","properties":{"b":{}},"required":["b"],"propertyNames":{"pattern":"^a"}}""", "")]
    [InlineData("""{"type":"object","required":["x"],"patternProperties":{"^x":false}}""", "")]
    [InlineData("""{"type":"array","items":{"enum":[1,2]},"uniqueItems":true,"minItems":3}""", "")]
    public void Unsatisfiable_IsToldSo(string schema, string path)
    {
        GrammarException e = Schemas.Refusal(schema);
        Assert.Contains("never be satisfied", e.Message);
        Assert.Equal(path, e.Path);
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""", "")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"},{"type":"null"}]},"b":{"allOf":[{"$ref":"#/$defs/a"}]}}}""", "$defs.a")]
    public void ReferenceToItself_IsToldSo(string schema, string path)
    {
        GrammarException e = Schemas.Refusal(schema);
        Assert.Contains("back to itself", e.Message);
        Assert.Equal(path, e.Path);
    }

    [Theory]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""")]
    [InlineData("""{"oneOf":[{"enum":[1,2]},{"const":2.0}]}""")]
    [InlineData("""{"oneOf":[{"properties":{"a":{}}},{"type":"string"}]}""")]
    [InlineData("""{"oneOf":[{"type":"string","pattern":"^a"},{"type":"string","pattern":"^b"}]}""")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"k":{"const":1}}},{"type":"object","properties":{"k":{"const":2}}}]}""")]
    public void OneOf_WhoseBranchesMayBothMatch_IsRefused(string schema)
    {
        GrammarException e = Schemas.Refusal(schema);
        Assert.Equal("oneOf", e.Path);
        Assert.Contains("Use anyOf", e.Message);
    }

    [Fact]
    public void Strict_ClosedObject_Compiles() => Schemas.Compile(
        """{"type":"object","properties":{"a":{"type":["object","null"],"properties":{"b":{"type":"string"}},"required":["b"],"additionalProperties":false}},"required":["a"],"additionalProperties":false}""",
        strict: true);

    [Theory]
    [InlineData("""{"type":"array","items":{}}""", "", "root")]
    [InlineData("""{"anyOf":[{"type":"object","additionalProperties":false}]}""", "", "root")]
    [InlineData("""{"type":"object","properties":{}}""", "additionalProperties", "false")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","additionalProperties":true}},"required":["a"],"additionalProperties":false}""", "properties.a.additionalProperties", "false")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["a"],"additionalProperties":false}""", "required", "'b'")]
    [InlineData("""{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}""", "properties.a", "'type'")]
    public void Strict_WhatOpenAIRefuses_IsRefused(string schema, string path, string message)
    {
        GrammarException e = Schemas.Refusal(schema, strict: true);
        Assert.Equal(path, e.Path);
        Assert.Contains(message, e.Message);
        Schemas.Compile(schema);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}""")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":["number","null"]},"b":{"type":"object","properties":{},"additionalProperties":false}},"required":["a","b"],"additionalProperties":false}""")]
    public void Strict_WhatOpenAIsClientsSend_Compiles(string schema) => Schemas.Compile(schema, strict: true);
}
