namespace Llama.Model.Kernels.Machine;

/// <summary>All that the packing of weight rows into a unit has as constants in its code.</summary>
/// <param name="Bits">Of a weight: 16 (bfloat16), or 8 or 4 (codes).</param>
/// <param name="Inputs">Elements of a row.</param>
/// <param name="GroupSize">Of codes: inputs that share a scale.</param>
/// <param name="HasMinima">Of codes: whether groups have a minimum of their own.</param>
/// <param name="Blocks">Blocks of 32 inputs that are done in one round.</param>
/// <param name="TailInputs">Of bfloat16: how many of the only block's inputs there are; 32 for all.</param>
internal readonly record struct PackShape(int Bits, int Inputs, int GroupSize, bool HasMinima, int Blocks, int TailInputs)
{
    /// <summary>Inputs of a block.</summary>
    public const int BlockInputs = 32;

    /// <summary>How weights of this kind are packed, a whole round at a time.</summary>
    public static PackShape Of(Weight weight)
    {
        if (weight is not QuantizedWeight codes) return new PackShape(16, weight.Inputs, weight.Inputs, false, 1, BlockInputs);
        int round = codes.GroupSize >= codes.Inputs ? 2 * QuantizedWeight.Chunk : Math.Max(codes.GroupSize, 2 * QuantizedWeight.Chunk);
        return new PackShape(codes.Bits, codes.Inputs, codes.GroupSize, codes.Minima is not null, round / BlockInputs, BlockInputs);
    }

    /// <summary>Inputs of a round.</summary>
    public int RoundInputs => Blocks * BlockInputs;

    /// <summary>Whether one scale is for the whole row.</summary>
    public bool IsByRow => GroupSize >= Inputs;

    /// <summary>Bytes from one weight row to the next.</summary>
    public int WeightStride => Bits == 16 ? Inputs * sizeof(ushort) : QuantizedWeight.RowBytes(Inputs, Bits);

    /// <summary>Bytes from one row of scales to the next.</summary>
    public int ScaleStride => (Inputs + GroupSize - 1) / GroupSize * sizeof(float);

    /// <summary>Bytes from the start of a row to an input at the start of a round.</summary>
    public int BytesTo(int input) => input * Bits / 8;

    /// <summary>Scales from the start of a row to an input's at the start of a round.</summary>
    public int ScalesTo(int input) => IsByRow ? 0 : input / GroupSize;
}
