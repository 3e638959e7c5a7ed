namespace Llama.Model.Checkpoints.Gguf;

/// <summary>A tensor type of the format: <paramref name="Elements"/> weights of a row lie in each block of <paramref name="Bytes"/>.</summary>
/// <param name="Number">In the file (ggml.h, <c>ggml_type</c>).</param>
/// <param name="Name">As llama.cpp's tools print it.</param>
/// <param name="Elements">Of a block.</param>
/// <param name="Bytes">Of a block; 0 for types that cannot be loaded.</param>
internal sealed record GgufTensorType(uint Number, string Name, int Elements, int Bytes)
{
    public static readonly GgufTensorType F32 = new(0, "F32", 1, 4), F16 = new(1, "F16", 1, 2), BF16 = new(30, "BF16", 1, 2),
        Q4_0 = new(2, "Q4_0", 32, 18), Q4_1 = new(3, "Q4_1", 32, 20), Q5_0 = new(6, "Q5_0", 32, 22), Q5_1 = new(7, "Q5_1", 32, 24), Q8_0 = new(8, "Q8_0", 32, 34),
        Q2_K = new(10, "Q2_K", 256, 84), Q3_K = new(11, "Q3_K", 256, 110), Q4_K = new(12, "Q4_K", 256, 144), Q5_K = new(13, "Q5_K", 256, 176), Q6_K = new(14, "Q6_K", 256, 210),
        IQ4_NL = new(20, "IQ4_NL", 32, 18), IQ4_XS = new(23, "IQ4_XS", 256, 136);

    private static readonly GgufTensorType[] Loadable = [F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS];

    private static readonly Dictionary<uint, string> Others = new()
    {
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
    };

    /// <summary>The names of all that can be loaded.</summary>
    public static string Names { get; } = string.Join(", ", Loadable.Select(type => type.Name));

    /// <summary>What <c>general.file_type</c> says of a file whose matrices are mostly of this type (llama.h, <c>llama_ftype</c>).</summary>
    public int FileType => Name switch { "F32" => 0, "F16" => 1, "BF16" => 32, "Q4_0" => 2, "Q8_0" => 7, _ => throw new NotSupportedException(Name) };

    public static GgufTensorType Of(uint number) =>
        Array.Find(Loadable, type => type.Number == number) ?? new GgufTensorType(number, Others.GetValueOrDefault(number, $"type {number}"), 1, 0);

    /// <summary>The type of a name, if it can be loaded.</summary>
    public static GgufTensorType? Find(string name) => Array.Find(Loadable, type => type.Name == name);

    /// <summary>Bytes of a row.</summary>
    public long RowBytes(long inputs) => inputs / Elements * Bytes;
}
