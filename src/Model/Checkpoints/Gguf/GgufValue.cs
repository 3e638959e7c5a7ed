namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Where a metadata value lies; it is read when somebody asks, since vocabularies are large and most readers want a few numbers.</summary>
/// <param name="Type">Of the value, or of the elements of an array.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Count">Elements of an array; null for a single value.</param>
internal readonly record struct GgufValue(GgufValueType Type, long Offset, long? Count)
{
    public override string ToString() => Count is long count ? $"an array of {count} {Type}" : $"a {Type}";
}
