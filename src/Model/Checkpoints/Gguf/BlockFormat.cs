using Llama.Model.Kernels.Machine;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>
/// How the blocks of a quantised tensor type are read: into codes in the order of their weights, one to a byte, and a scale for each group of them, so that w = scale · code − minimum.
/// Nothing is rounded: the weights are those of the file to the last bit. Formats of 2 and 3 bits become 4; those of 5 and 6, and of 4 with steps that are not equal, become 8, until they are packed.
/// </summary>
/// <param name="type">The type in the file.</param>
/// <param name="bits">Of a code: 8 or 4.</param>
/// <param name="groupSize">Weights that share a scale.</param>
/// <param name="hasMinima">Whether groups have minima of their own; else the minimum is the scale times 128 of 8 bits, 8 of 4.</param>
/// <param name="packed">What a packed copy takes for a code and for scales, as long as these are numbers.</param>
/// <param name="readBlock">Reads one block.</param>
internal sealed unsafe class BlockFormat(GgufTensorType type, int bits, int groupSize, bool hasMinima, PackedValues packed, BlockFormat.ReadBlock readBlock)
{
    public static IReadOnlyList<BlockFormat> All { get; } =
    [
        new(GgufTensorType.Q8_0, 8, 32, false, new(8, ScaleForm.Half), SmallBlocks.Q8_0),
        new(GgufTensorType.Q4_0, 4, 32, false, new(4, ScaleForm.Half), SmallBlocks.Q4_0),
        new(GgufTensorType.Q4_1, 4, 32, true, new(4, ScaleForm.Half), SmallBlocks.Q4_1),
        new(GgufTensorType.Q5_0, 8, 32, false, new(5, ScaleForm.Half), SmallBlocks.Q5_0),
        new(GgufTensorType.Q5_1, 8, 32, true, new(5, ScaleForm.Half), SmallBlocks.Q5_1),
        new(GgufTensorType.IQ4_NL, 8, 32, false, new(4, ScaleForm.Half, HasTable: true), SmallBlocks.IQ4_NL),
        new(GgufTensorType.IQ4_XS, 8, 32, false, new(4, ScaleForm.Steps, HasTable: true), SuperBlocks.IQ4_XS),
        new(GgufTensorType.Q2_K, 4, 16, true, new(2, ScaleForm.Steps), SuperBlocks.Q2_K),
        new(GgufTensorType.Q3_K, 4, 16, false, new(3, ScaleForm.Steps), SuperBlocks.Q3_K),
        new(GgufTensorType.Q4_K, 4, 32, true, new(4, ScaleForm.Steps), SuperBlocks.Q4_K),
        new(GgufTensorType.Q5_K, 8, 32, true, new(5, ScaleForm.Steps), SuperBlocks.Q5_K),
        new(GgufTensorType.Q6_K, 8, 16, false, new(6, ScaleForm.Steps), SuperBlocks.Q6_K),
    ];

    /// <param name="block">Its bytes in the file.</param>
    /// <param name="codes">[elements]</param>
    /// <param name="scales">[groups]</param>
    /// <param name="minima">[groups]; untouched by formats without.</param>
    public delegate void ReadBlock(byte* block, byte* codes, float* scales, float* minima);

    public GgufTensorType Type { get; } = type;

    public int Bits { get; } = bits;

    public int GroupSize { get; } = groupSize;

    public bool HasMinima { get; } = hasMinima;

    public PackedValues Packed { get; } = packed;

    /// <summary>Bytes of a packed weight.</summary>
    /// <param name="outputs">Its rows.</param>
    /// <param name="inputs">Of a row.</param>
    public long PackedBytes(int outputs, int inputs) => PackedCodes.BytesOf(outputs, new CodeUnit(Bits, inputs, GroupSize, HasMinima), Packed);

    /// <summary>Null for types in floating point.</summary>
    public static BlockFormat? Find(string typeName) => All.FirstOrDefault(format => format.Type.Name == typeName);

    /// <summary>Reads neighbouring blocks of a row.</summary>
    /// <param name="blocks">The first.</param>
    /// <param name="count">Weights; whole blocks.</param>
    /// <param name="codes">[count]</param>
    /// <param name="scales">[count / group]</param>
    /// <param name="minima">[count / group] for formats that have them.</param>
    public void Read(byte* blocks, int count, byte* codes, float* scales, float* minima)
    {
        int groups = Type.Elements / GroupSize;
        for (int done = 0; done < count; done += Type.Elements, blocks += Type.Bytes, scales += groups, minima += HasMinima ? groups : 0)
            readBlock(blocks, codes + done, scales, minima);
    }

    /// <summary>What codes stand for.</summary>
    public void Widen(byte* codes, float* scales, float* minima, Span<float> values)
    {
        int zeroPoint = HasMinima ? 0 : 1 << (Bits - 1);
        for (int i = 0; i < values.Length; i++)
        {
            float scaled = scales[i / GroupSize] * (codes[i] - zeroPoint);
            values[i] = HasMinima ? scaled - minima[i / GroupSize] : scaled;
        }
    }
}
