using System.Text.Json.Nodes;

namespace Llama.Tests.Shared;

/// <summary>Makes random schemas over all that is supported, from a seed.</summary>
public sealed class SchemaMaker(int seed)
{
    private static readonly string[] Formats = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "hostname"];

    private static readonly string[] Patterns = ["^[a-z]{1,9}$", "^\\d{3}-\\d{4}$", "[A-Z]", "^(red|green)", "^[^\"]*$", "^\\\\?\"x\"$"];

    private static readonly string[] Names = ["name", "age", "a\"b", "tags", "Größe", "x.y", "", "kind\n", "id", "🙂"];

    private readonly Random _random = new(seed);
    private bool _hasDefinitions;

    /// <summary>An object schema at the root, as every client sends.</summary>
    public string Make()
    {
        _hasDefinitions = _random.Next(2) == 0;
        JsonObject root = Object(3);
        if (_hasDefinitions) root["definitions"] = new JsonObject { ["leaf"] = Scalar(), ["node"] = Node() };
        return root.ToJsonString();
    }

    private JsonNode Schema(int depth) => _random.Next(depth <= 0 ? 6 : 13) switch
    {
        <= 5 => Scalar(),
        6 or 7 => Object(depth - 1),
        8 => Array(depth - 1),
        9 => new JsonObject { ["anyOf"] = new JsonArray(Schema(depth - 1), Schema(depth - 1)) },
        10 => OneOf(depth - 1),
        11 => _hasDefinitions ? new JsonObject { ["$ref"] = _random.Next(2) == 0 ? "#/definitions/leaf" : "#/definitions/node" } : new JsonObject(), // NJsonSchema cannot read true
        _ => AllOf(depth - 1),
    };

    private JsonNode Scalar() => _random.Next(9) switch
    {
        0 => String(),
        1 => new JsonObject { ["type"] = "string", ["format"] = Pick(Formats) },
        2 => new JsonObject { ["type"] = "string", ["pattern"] = Pick(Patterns), ["maxLength"] = _random.Next(8, 20) },
        3 => Number("integer"),
        4 => Number("number"),
        5 => new JsonObject { ["type"] = Pick(["null", "boolean"]) },
        6 => new JsonObject { ["enum"] = JsonNode.Parse("""["a", "\"", 1, -2.5, null, true, {"k": [1, "é"]}, []]""") },
        7 => new JsonObject { ["const"] = JsonNode.Parse(Pick(["\"x\\ny\"", "7", "null", "{\"a\": 1}"])) },
        _ => new JsonObject { ["type"] = new JsonArray("integer", "null", "string"), ["minimum"] = 3, ["maxLength"] = 4 },
    };

    private JsonObject String()
    {
        var schema = new JsonObject { ["type"] = "string", ["description"] = "text" };
        int minimum = _random.Next(4);
        if (_random.Next(2) == 0) schema["minLength"] = minimum;
        if (_random.Next(2) == 0) schema["maxLength"] = minimum + _random.Next(5);
        return schema;
    }

    private JsonObject Number(string type)
    {
        var schema = new JsonObject { ["type"] = type };
        decimal low = Math.Round((decimal)(_random.NextDouble() - 0.5) * (decimal)Math.Pow(10, _random.Next(1, 9)), _random.Next(5));
        decimal high = low + 1 + _random.Next(1000);
        if (_random.Next(2) == 0) schema[_random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        if (_random.Next(2) == 0) schema[_random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = high;
        if (type == "integer" && _random.Next(4) == 0)
        {
            schema.Remove("maximum");
            schema.Remove("exclusiveMaximum");
            schema["multipleOf"] = Pick([2, 3, 7, 10, 25, 60]);
        }
        if (type == "number" && _random.Next(4) == 0) schema["multipleOf"] = Pick([0.5m, 0.25m, 0.01m, 0.1m]); // within any range of 1
        return schema;
    }

    private JsonObject Object(int depth)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (string name in Names.Where(_ => _random.Next(3) == 0))
        {
            properties[name] = Schema(depth);
            if (_random.Next(2) == 0) required.Add(name);
        }
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0 || _random.Next(2) == 0) schema["required"] = required;
        if (_random.Next(3) > 0) schema["additionalProperties"] = _random.Next(3) == 0 ? Scalar() : false;
        if (_random.Next(3) == 0) AddRules(schema, properties.Select(property => property.Key).ToArray(), required.Count);
        if (required.Count == 1 && !schema.ContainsKey("minProperties")) properties["never"] = new JsonObject { ["not"] = new JsonObject() };
        return schema;
    }

    // What names look like, and how many there are. Of a name that is not plain it cannot always be told whether a pattern matches it.
    private void AddRules(JsonObject schema, string[] names, int requiredCount)
    {
        if (names.All(name => name.All(char.IsAsciiLetter)))
        {
            schema["patternProperties"] = new JsonObject { ["^q"] = Scalar(), ["^x_\\d+$"] = Scalar() };
            schema["additionalProperties"] = false;
        }
        bool hasOthers = (schema["patternProperties"] ?? schema["additionalProperties"]) is JsonObject;
        if (_random.Next(2) == 0) schema["maxProperties"] = names.Length + _random.Next(1, 3);
        if (_random.Next(2) == 0) schema["minProperties"] = requiredCount + (hasOthers && names.Length == requiredCount ? 1 : 0);
    }

    private JsonObject Array(int depth)
    {
        if (_random.Next(5) == 0) return Set();
        var schema = new JsonObject { ["type"] = "array", ["items"] = Schema(depth) };
        int minimum = _random.Next(3);
        if (_random.Next(2) == 0) schema["minItems"] = minimum;
        if (_random.Next(2) == 0) schema["maxItems"] = minimum + _random.Next(3);
        return schema;
    }

    private JsonObject Set() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject { ["enum"] = new JsonArray("a", 1, null, true, "\"") },
        ["uniqueItems"] = true,
        ["minItems"] = _random.Next(3),
        ["maxItems"] = _random.Next(3, 7),
    };

    private JsonObject OneOf(int depth) => new()
    {
        ["oneOf"] = new JsonArray(Branch("circle", depth), Branch("square", depth), new JsonObject { ["type"] = "null" }, Number("number")),
    };

    private JsonObject Branch(string kind, int depth) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["enum"] = new JsonArray(kind) }, ["value"] = Schema(depth) },
        ["required"] = new JsonArray("kind"),
    };

    private JsonObject AllOf(int depth) => new()
    {
        ["allOf"] = new JsonArray(
            new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["first"] = Schema(depth) }, ["required"] = new JsonArray("first") },
            new JsonObject { ["properties"] = new JsonObject { ["second"] = Schema(depth) } }),
    };

    private JsonObject Node() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["value"] = Scalar(),
            ["next"] = new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["$ref"] = "#/definitions/node" }, new JsonObject { ["type"] = "null" }) },
        },
        ["required"] = new JsonArray("value", "next"),
        ["additionalProperties"] = false,
    };

    private T Pick<T>(T[] options) => options[_random.Next(options.Length)];
}
