namespace Llama.Model.Checkpoints.Gguf;

/// <summary>
/// What stands before the tensors of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): magic, version, counts, metadata, tensor infos. Nothing here is trusted:
/// every count, length and offset is checked before anyone follows it.
/// </summary>
/// <param name="Metadata">Values by key.</param>
/// <param name="Tensors">In the order of the file; shapes row-major, offsets from the start of the file.</param>
internal sealed unsafe record GgufHeader(IReadOnlyDictionary<string, GgufValue> Metadata, IReadOnlyList<TensorEntry> Tensors)
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int MostDimensions = 4, Few = 4, LeastValueBytes = 13, LeastInfoBytes = 24;

    public static GgufHeader Parse(byte* data, long length, string source)
    {
        var cursor = new GgufCursor(data, length, source);
        CheckVersion(cursor, length, source);
        long tensorCount = cursor.Count("tensors", LeastInfoBytes), valueCount = cursor.Count("metadata values", LeastValueBytes);
        var faults = new List<string>();
        Dictionary<string, GgufValue> metadata = ReadMetadata(cursor, valueCount, source, faults);
        List<Info> infos = ReadInfos(cursor, tensorCount, faults);
        long alignment = AlignmentOf(data, length, metadata, source, faults);
        long start = (cursor.Position + alignment - 1) / alignment * alignment;
        var beyond = new List<string>();
        TensorEntry[] tensors = [.. infos.Select(info => Place(info, start, alignment, length, faults, beyond))];
        faults.AddRange(beyond.Count > Few ? [$"is {length} bytes, and {beyond.Count} of its {tensorCount} tensors would end behind that: the file is cut short or damaged; download it again"] : beyond);
        return faults.Count == 0 ? new GgufHeader(metadata, tensors) : throw new CheckpointException(source, faults);
    }

    private static void CheckVersion(GgufCursor cursor, long length, string source)
    {
        if (cursor.Remaining < 24 || cursor.Read<uint>() != Magic) throw new CheckpointException(source, "is not a GGUF file: it does not begin with GGUF and a header" + FaultText.Pointer(length));
        uint version = cursor.Read<uint>();
        if (version is 2 or 3) return;
        throw new CheckpointException(source, (version & 0xffff) == 0
            ? "is big-endian; convert the model on a little-endian machine"
            : $"is GGUF version {version}; expected 2 or 3: convert the model with a present llama.cpp");
    }

    private static Dictionary<string, GgufValue> ReadMetadata(GgufCursor cursor, long count, string source, List<string> faults)
    {
        var values = new Dictionary<string, GgufValue>(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            string key = cursor.Text();
            if (!values.TryAdd(key, ReadValue(cursor, key, source))) faults.Add($"{key}: declared more than once");
        }
        return values;
    }

    private static GgufValue ReadValue(GgufCursor cursor, string key, string source)
    {
        var type = (GgufValueType)cursor.Read<uint>();
        bool isArray = type == GgufValueType.Array;
        if (isArray) type = (GgufValueType)cursor.Read<uint>();
        if (type.SizeOf() is not int size || type == GgufValueType.Array)
            throw new CheckpointException(source, $"{key}: {(type == GgufValueType.Array ? "an array of arrays" : $"values of type {(uint)type}")} cannot be read; the file is damaged or of a later format");
        long? count = isArray ? cursor.Count($"elements of {key}", size > 0 ? size : sizeof(ulong)) : null;
        var value = new GgufValue(type, cursor.Position, count);
        if (size > 0) cursor.Position += (count ?? 1) * size <= cursor.Remaining ? (count ?? 1) * size : throw Cut(key, source);
        else for (long i = 0; i < (count ?? 1); i++) cursor.SkipText();
        return value;
    }

    private static List<Info> ReadInfos(GgufCursor cursor, long count, List<string> faults)
    {
        var infos = new List<Info>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            string name = cursor.Text();
            if (!names.Add(name)) faults.Add($"{name}: declared more than once");
            uint dimensions = cursor.Read<uint>();
            if (dimensions > MostDimensions) faults.Add($"{name}: has {dimensions} dimensions; the format allows {MostDimensions}");
            ulong[] sizes = [.. Enumerable.Range(0, (int)Math.Min(dimensions, MostDimensions)).Select(_ => cursor.Read<ulong>())];
            infos.Add(new Info(name, sizes, GgufTensorType.Of(cursor.Read<uint>()), cursor.Read<ulong>()));
            if (dimensions > MostDimensions) break; // what follows cannot be told apart
        }
        return infos;
    }

    private static long AlignmentOf(byte* data, long length, Dictionary<string, GgufValue> metadata, string source, List<string> faults)
    {
        int alignment = new GgufKeys(data, length, source, metadata, faults).Int("general.alignment", 32, least: 8);
        if (alignment % 8 == 0) return alignment;
        faults.Add($"general.alignment is {alignment}; expected a multiple of 8");
        return 8;
    }

    private static TensorEntry Place(Info info, long start, long alignment, long length, List<string> faults, List<string> beyond)
    {
        Int128 elements = 1;
        foreach (ulong size in info.Sizes) elements = Int128.Min(elements * size, long.MaxValue);
        Int128 bytes = elements / info.Type.Elements * info.Type.Bytes, end = (Int128)start + info.Offset + bytes;
        string what = $"{info.Name}: {info.Type.Name} [{string.Join(", ", Enumerable.Reverse(info.Sizes))}]";
        if (info.Sizes.Length > 0 && info.Sizes[0] % (ulong)info.Type.Elements != 0) faults.Add($"{what} does not fill whole blocks of {info.Type.Elements}");
        if (info.Offset % (ulong)alignment != 0) faults.Add($"{what} begins at {info.Offset}, which is no multiple of the alignment, {alignment}");
        if (end > length) beyond.Add($"{what} would end at byte {end} of {length}: the file is cut short or damaged; download it again");
        bool fits = end <= length;
        return new TensorEntry(info.Name, info.Type.Name, [.. Enumerable.Reverse(info.Sizes).Select(size => (long)Math.Min(size, long.MaxValue))], fits ? start + (long)info.Offset : 0, fits ? (long)bytes : 0);
    }

    private static CheckpointException Cut(string key, string source) => new(source, $"ends inside the value of {key}: it is cut short or damaged; download it again");

    // Sizes as in the file: the row's length first.
    private readonly record struct Info(string Name, ulong[] Sizes, GgufTensorType Type, ulong Offset);
}
