using System.Text.Json;
using Llama.Server.Web.Errors;

namespace Llama.Server.Parsing;

/// <summary>
/// Every field that a JSON object may have, and what becomes of each. The parser runs on this table and the API's description is made from it, so neither can say
/// what the other does not do. A field that is not in the table is refused as unknown; null counts as absent.
/// </summary>
internal sealed class FieldTable<T>
{
    private readonly Dictionary<string, Field<T>> _byName = [];
    private readonly List<Field<T>> _inOrder = [];

    public IReadOnlyList<IField> Fields => _inOrder;

    public FieldTable<T> Add(Field<T> field)
    {
        _byName.Add(field.Name, field);
        _inOrder.Add(field);
        return this;
    }

    public FieldTable<T> Number(string name, double minimum, double maximum, Action<T, double> set, string note, bool aboveMinimum = false) => Add(new Field<T>(
        name, FieldTreatment.Honoured, new FieldShape("number", minimum, maximum) { IsAboveMinimum = aboveMinimum }, note, (target, value) => set(target, value.Number(minimum, maximum, aboveMinimum))));

    public FieldTable<T> Integer(string name, long minimum, long maximum, Action<T, long> set, string note) => Add(new Field<T>(
        name, FieldTreatment.Honoured, new FieldShape("integer", minimum, maximum), note, (target, value) => set(target, value.Integer(minimum, maximum))));

    public FieldTable<T> Flag(string name, Action<T, bool> set, string note) => Add(new Field<T>(
        name, FieldTreatment.Honoured, FieldShape.Flag, note, (target, value) => set(target, value.Flag())));

    public FieldTable<T> Text(string name, Action<T, string> set, string note, bool required = false) =>
        Custom(name, FieldShape.Text, (target, value) => set(target, value.String()), note, required);

    public FieldTable<T> Word(string name, string[] words, Action<T, string> set, string note, bool required = false) =>
        Custom(name, FieldShape.OneOf(words), (target, value) => set(target, value.Word(words)), note, required);

    /// <summary>A field with a reading of its own.</summary>
    public FieldTable<T> Custom(string name, FieldShape shape, Action<T, FieldReader> read, string note, bool required = false) => Add(new Field<T>(
        name, FieldTreatment.Honoured, shape, note, read)
    { IsRequired = required });

    /// <summary>A field that is checked and has no effect.</summary>
    public FieldTable<T> Accept(string name, FieldShape shape, Action<FieldReader> check, string note) => Add(new Field<T>(
        name, FieldTreatment.Accepted, shape, note, (_, value) => check(value)));

    /// <summary>A field that is refused, but for values that ask for nothing.</summary>
    public FieldTable<T> Refuse(string name, string why, Func<JsonElement, bool>? asksNothing = null) => Add(new Field<T>(
        name, FieldTreatment.Refused, FieldShape.Any, why)
    { AsksNothing = asksNothing ?? (static _ => false) });

    /// <summary>The fields of a table that reads a part of this one's target.</summary>
    public FieldTable<T> Include<TPart>(FieldTable<TPart> table, Func<T, TPart> part)
    {
        foreach (Field<TPart> field in table._inOrder)
            Add(field.Of(part));
        return this;
    }

    /// <summary>Reads one object. What is wrong goes to the reader's errors.</summary>
    public void Read(FieldReader source, T target)
    {
        if (!source.Expect(JsonValueKind.Object, "an object"))
            return;
        string prefix = source.Path.Length == 0 ? "" : source.Path + ".";
        foreach (JsonProperty property in source.Value.EnumerateObject())
            ReadOne(new FieldReader(property.Value, prefix + property.Name, source.Errors), property.Name, target);
        foreach (Field<T> field in _inOrder)
        {
            if (field.IsRequired && !(source.Value.TryGetProperty(field.Name, out JsonElement value) && value.ValueKind != JsonValueKind.Null))
                source.Errors.Add(ApiError.Missing(prefix + field.Name));
        }
    }

    private void ReadOne(FieldReader value, string name, T target)
    {
        if (!_byName.TryGetValue(name, out Field<T>? field))
            value.Errors.Add(ApiError.Unknown(value.Path));
        else if (value.IsNull)
            return;
        else if (field.Read is { } read)
            read(target, value);
        else if (!field.AsksNothing(value.Value))
            value.Errors.Add(ApiError.UnsupportedParameter(value.Path, field.Note));
    }
}
