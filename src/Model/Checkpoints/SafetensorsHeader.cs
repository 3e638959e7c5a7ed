using System.Text.Json;

namespace Llama.Model.Checkpoints;

/// <summary>
/// The header of a safetensors file: u64 length (little-endian), JSON of that length, then the tensors' bytes (https://github.com/huggingface/safetensors, "Format").
/// Nothing here is trusted: every offset is checked before anyone follows it.
/// </summary>
internal static class SafetensorsHeader
{
    public const int PrefixSize = 8;
    private const long MaxSize = 100_000_000; // the format's own limit

    /// <summary>Length of the JSON, checked against the file's.</summary>
    public static int CheckSize(ulong headerSize, long fileSize, string source)
    {
        if (headerSize > MaxSize)
            throw new CheckpointException(source, $"not a safetensors file: its header would be {headerSize} bytes, the format allows {MaxSize}{FaultText.Pointer(fileSize)}");
        if ((long)headerSize + PrefixSize > fileSize)
            throw new CheckpointException(source, $"is {fileSize} bytes and cannot hold its header of {headerSize}; download it again");
        return (int)headerSize;
    }

    /// <summary>Reads and checks the JSON.</summary>
    public static IReadOnlyList<TensorEntry> Parse(ReadOnlySpan<byte> json, long fileSize, string source)
    {
        var faults = new List<string>();
        var entries = new List<TensorEntry>();
        using JsonDocument document = ParseJson(json, source);
        foreach (JsonProperty property in document.RootElement.EnumerateObject().Where(property => property.Name != "__metadata__"))
        {
            TensorEntry? entry = ParseEntry(property, PrefixSize + json.Length, faults);
            if (entry is not null) entries.Add(entry);
        }
        if (faults.Count == 0) CheckNames(entries, faults);
        if (faults.Count == 0) CheckCoverage(entries, PrefixSize + json.Length, fileSize, faults);
        return faults.Count == 0 ? entries : throw new CheckpointException(source, faults);
    }

    private static JsonDocument ParseJson(ReadOnlySpan<byte> json, string source)
    {
        JsonDocument document;
        try
        {
            document = WholeJson.Parse(json.ToArray());
        }
        catch (JsonException e)
        {
            throw new CheckpointException(source, $"not a safetensors file: its header is not JSON ({e.Message})");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        document.Dispose();
        throw new CheckpointException(source, "not a safetensors file: its header is not a JSON object");
    }

    private static TensorEntry? ParseEntry(JsonProperty property, long dataStart, List<string> faults)
    {
        string name = property.Name;
        if (!TryReadFields(property.Value, out string dtype, out long[] shape, out long begin, out long end))
        {
            faults.Add($"{name}: expected {{dtype, shape: [sizes], data_offsets: [begin, end]}}");
            return null;
        }
        if (TensorDtypes.BitsOf(dtype) is int bits && BytesOf(shape, bits) != end - begin)
        {
            faults.Add($"{name}: {dtype} [{string.Join(", ", shape)}] does not take the {end - begin} bytes of its data_offsets [{begin}, {end}]");
            return null;
        }
        return new TensorEntry(name, dtype, shape, dataStart + begin, end - begin);
    }

    private static bool TryReadFields(JsonElement value, out string dtype, out long[] shape, out long begin, out long end)
    {
        (dtype, shape, begin, end) = ("", [], 0, 0);
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String)
            return false;
        if (!TryReadSizes(value, "shape", out shape) || !TryReadSizes(value, "data_offsets", out long[] offsets) || offsets.Length != 2) return false;
        (dtype, begin, end) = (type.GetString()!, offsets[0], offsets[1]);
        return begin <= end && end < long.MaxValue / 2;
    }

    private static bool TryReadSizes(JsonElement value, string key, out long[] sizes)
    {
        sizes = [];
        if (!value.TryGetProperty(key, out JsonElement array) || array.ValueKind != JsonValueKind.Array) return false;
        sizes = new long[array.GetArrayLength()];
        for (int i = 0; i < sizes.Length; i++)
            if (array[i].ValueKind != JsonValueKind.Number || !array[i].TryGetInt64(out sizes[i]) || sizes[i] < 0) return false;
        return true;
    }

    // −1 on overflow: no file has that many.
    private static long BytesOf(long[] shape, int bits)
    {
        Int128 total = bits;
        foreach (long size in shape)
        {
            total *= size;
            if (total > long.MaxValue) return -1;
        }
        return (long)((total + 7) / 8);
    }

    private static void CheckNames(List<TensorEntry> entries, List<string> faults)
    {
        foreach (IGrouping<string, TensorEntry> same in entries.GroupBy(entry => entry.Name).Where(same => same.Count() > 1))
            faults.Add($"{same.Key}: declared {same.Count()} times");
    }

    // The format forbids both overlaps and holes: the tensors tile the data exactly.
    private static void CheckCoverage(List<TensorEntry> entries, long dataStart, long fileSize, List<string> faults)
    {
        long next = dataStart;
        foreach (TensorEntry entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.ByteCount))
        {
            if (entry.Offset < next) faults.Add($"{entry.Name}: overlaps the tensor before it");
            if (entry.Offset > next) faults.Add($"{entry.Name}: {entry.Offset - next} bytes before it belong to no tensor");
            next = Math.Max(next, entry.Offset + entry.ByteCount);
        }
        if (next > fileSize) faults.Add($"is {fileSize} bytes, its header promises {next}; download it again");
        if (next < fileSize) faults.Add($"is {fileSize} bytes, its header accounts for {next}");
    }
}
