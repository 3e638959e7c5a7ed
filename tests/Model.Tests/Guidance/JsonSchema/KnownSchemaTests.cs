namespace Llama.Model.Tests.Guidance.JsonSchema;

/// <summary>Schemas as the usual tools write them compile, and take an instance as those tools would read it.</summary>
public sealed class KnownSchemaTests
{
    // OpenAI's guide to structured outputs, strict.
    private const string MathReasoning = """
        {"type":"object","properties":{"steps":{"type":"array","items":{"type":"object","properties":{"explanation":{"type":"string"},"output":{"type":"string"}},
        "required":["explanation","output"],"additionalProperties":false}},"final_answer":{"type":"string"}},"required":["steps","final_answer"],"additionalProperties":false}
        """;

    private const string UserInterface = """
        {"type":"object","properties":{"type":{"type":"string","description":"The type of the UI component","enum":["div","button","header","section","field","form"]},
        "label":{"type":"string","description":"The label of the UI component"},"children":{"type":"array","description":"Nested UI components","items":{"$ref":"#"}},
        "attributes":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"value":{"type":"string"}},"additionalProperties":false,"required":["name","value"]}}},
        "required":["type","label","children","attributes"],"additionalProperties":false}
        """;

    private const string AnyOfItems = """
        {"type":"object","properties":{"item":{"anyOf":[
        {"type":"object","description":"The user object","properties":{"name":{"type":"string"},"age":{"type":"number"}},"additionalProperties":false,"required":["name","age"]},
        {"type":"object","description":"The address object","properties":{"number":{"type":"string"},"street":{"type":"string"},"city":{"type":"string"}},"additionalProperties":false,"required":["number","street","city"]}]}},
        "additionalProperties":false,"required":["item"]}
        """;

    private const string LinkedList = """
        {"type":"object","properties":{"linked_list":{"$ref":"#/$defs/linked_list_node"}},"$defs":{"linked_list_node":{"type":"object","properties":{"value":{"type":"number"},
        "next":{"anyOf":[{"$ref":"#/$defs/linked_list_node"},{"type":"null"}]}},"additionalProperties":false,"required":["next","value"]}},"additionalProperties":false,"required":["linked_list"]}
        """;

    private const string WeatherTool = """
        {"type":"object","properties":{"location":{"type":"string","description":"City and country e.g. Bogotá, Colombia"},"units":{"type":["string","null"],"enum":["celsius","fahrenheit",null]}},
        "required":["location","units"],"additionalProperties":false}
        """;

    // zod-to-json-schema and zod 4's own.
    private const string Zod = """
        {"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"id":{"type":"string","format":"uuid"},"email":{"type":"string","format":"email"},"site":{"type":"string","format":"uri"},
        "age":{"type":"integer","exclusiveMinimum":0,"maximum":120},"role":{"type":"string","enum":["admin","user"],"default":"user"},"tags":{"type":"array","items":{"type":"string","minLength":1},"maxItems":3},
        "pair":{"type":"array","minItems":2,"maxItems":2,"items":[{"type":"string"},{"type":"number"}]},"record":{"type":"object","additionalProperties":{"type":"number"}},
        "at":{"type":"string","format":"date-time"},"note":{"anyOf":[{"type":"string"},{"type":"null"}]},"shape":{"anyOf":[{"type":"object","properties":{"kind":{"type":"string","const":"circle"},
        "radius":{"type":"number"}},"required":["kind","radius"],"additionalProperties":false},{"type":"object","properties":{"kind":{"type":"string","const":"square"},"side":{"type":"number"}},
        "required":["kind","side"],"additionalProperties":false}]}},"required":["id","email","age","tags","shape"],"additionalProperties":false}
        """;

    private const string Zod4 = """
        {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"point":{"type":"array","prefixItems":[{"type":"number"},{"type":"number"}]},
        "counts":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"type":"integer","minimum":-9007199254740991,"maximum":9007199254740991}},
        "byRole":{"type":"object","propertyNames":{"type":"string","enum":["admin","user"]},"additionalProperties":{"type":"boolean"},"required":["admin","user"]},
        "when":{"type":"string","format":"date"}},"required":["point","counts","byRole"],"additionalProperties":false}
        """;

    private const string Pydantic = """
        {"$defs":{"Address":{"properties":{"street":{"title":"Street","type":"string"},"zip":{"title":"Zip","type":"string","pattern":"^\\d{5}(-\\d{4})?$"}},"required":["street","zip"],"title":"Address","type":"object"},
        "Color":{"enum":["red","green"],"title":"Color","type":"string"},"Cat":{"properties":{"pet_type":{"const":"cat","title":"Pet Type","type":"string"},"lives":{"title":"Lives","type":"integer"}},
        "required":["pet_type","lives"],"title":"Cat","type":"object"},"Dog":{"properties":{"pet_type":{"const":"dog","title":"Pet Type","type":"string"},"barks":{"title":"Barks","type":"number"}},
        "required":["pet_type","barks"],"title":"Dog","type":"object"}},"properties":{"name":{"maxLength":40,"minLength":1,"title":"Name","type":"string"},
        "nickname":{"anyOf":[{"type":"string"},{"type":"null"}],"default":null,"title":"Nickname"},"address":{"allOf":[{"$ref":"#/$defs/Address"}],"description":"Where"},
        "color":{"$ref":"#/$defs/Color","default":"red"},"price":{"anyOf":[{"minimum":0,"type":"number"},{"pattern":"^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$","type":"string"}],"title":"Price"},
        "pet":{"discriminator":{"mapping":{"cat":"#/$defs/Cat","dog":"#/$defs/Dog"},"propertyName":"pet_type"},"oneOf":[{"$ref":"#/$defs/Cat"},{"$ref":"#/$defs/Dog"}],"title":"Pet"},
        "scores":{"additionalProperties":{"type":"number"},"title":"Scores","type":"object"},"pair":{"maxItems":2,"minItems":2,"prefixItems":[{"type":"integer"},{"type":"string"}],"title":"Pair","type":"array"}},
        "required":["name","address","pet","pair"],"title":"User","type":"object"}
        """;

    // NJsonSchema writes inheritance with allOf and names types with format.
    private const string NJson = """
        {"$schema":"http://json-schema.org/draft-04/schema#","title":"Person","type":"object","additionalProperties":false,"required":["FirstName","Age"],"properties":{"FirstName":{"type":"string","minLength":1},
        "MiddleName":{"type":["null","string"]},"Gender":{"$ref":"#/definitions/Gender"},"Age":{"type":"integer","format":"int32"},"Salary":{"type":"number","format":"decimal"},
        "Born":{"type":"string","format":"date-time"},"Id":{"type":"string","format":"guid"},"Boss":{"oneOf":[{"type":"null"},{"$ref":"#/definitions/Manager"}]}},
        "definitions":{"Gender":{"type":"integer","description":"","x-enumNames":["Male","Female"],"enum":[0,1]},
        "Manager":{"allOf":[{"$ref":"#/definitions/Employee"},{"type":"object","properties":{"Reports":{"type":"array","items":{"$ref":"#/definitions/Employee"}}}}]},
        "Employee":{"type":"object","required":["Name"],"properties":{"Name":{"type":"string"}}}}}
        """;

    // System.Text.Json's exporter and Microsoft.Extensions.AI's AIJsonUtilities.
    private const string SystemText = """
        {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"Name":{"description":"Who","type":"string"},"Age":{"type":["integer","null"],"default":null},
        "Days":{"type":"array","items":{"enum":["Monday","Tuesday"]}},"Extra":{},"Map":{"type":["object","null"],"additionalProperties":{"type":"string"}},"Self":{"type":["object","null"],
        "properties":{"Next":{"$ref":"#/properties/Self"}}},"Kind":{"$comment":"y","type":"string","enum":["a","b"]}},"required":["Name"],"additionalProperties":false}
        """;

    [Theory]
    [InlineData(MathReasoning, """{"steps":[{"explanation":"8x = -30","output":"x = -3.75"}],"final_answer":"x = -3.75"}""", true)]
    [InlineData(UserInterface, """{"type":"form","label":"a","children":[{"type":"field","label":"b","children":[],"attributes":[{"name":"n","value":"v"}]}],"attributes":[]}""", true)]
    [InlineData(AnyOfItems, """{"item":{"number":"1","street":"s","city":"c"}}""", true)]
    [InlineData(LinkedList, """{"linked_list":{"value":1,"next":{"value":2.5,"next":null}}}""", true)]
    [InlineData(WeatherTool, """{"location":"Paris, France","units":null}""", true)]
    [InlineData(Zod, """{"id":"123e4567-e89b-12d3-a456-426614174000","email":"a@b.co","age":120,"tags":["x"],"pair":["x",1],"record":{"k":1.5},"shape":{"kind":"square","side":2}}""", false)]
    [InlineData(Zod4, """{"point":[1.5,-2],"counts":{"a":3},"byRole":{"admin":true,"user":false},"when":"2026-11-25"}""", false)]
    [InlineData(Pydantic, """{"name":"Ann","nickname":null,"address":{"street":"s","zip":"12345-6789"},"color":"red","price":"12.5","pet":{"pet_type":"dog","barks":0.5},"scores":{"x":1},"pair":[1,"a"]}""", false)]
    [InlineData(NJson, """{"FirstName":"A","MiddleName":null,"Gender":1,"Age":-5,"Salary":1.25,"Born":"2000-01-01T00:00:00Z","Boss":{"Name":"B","Reports":[{"Name":"C"}]}}""", false)]
    [InlineData(SystemText, """{"Name":"A","Age":null,"Days":["Monday"],"Extra":[1],"Map":{"a":"b"},"Self":{"Next":{"Next":null}},"Kind":"b"}""", false)]
    public void Schema_OfATool_TakesItsInstances(string schema, string instance, bool isStrict) =>
        Assert.True(ExpressionMatcher.Matches(Schemas.Compile(schema, strict: isStrict), instance));
}
