using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama.Server.Bench.Measuring;

/// <summary>Writes a range as it is given: <c>"128"</c> or <c>"32..512"</c>.</summary>
internal sealed class NumberRangeJson : JsonConverter<NumberRange>
{
    public override NumberRange? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        NumberRange.TryParse(reader.GetString() ?? "", out NumberRange? range) ? range : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, NumberRange value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
