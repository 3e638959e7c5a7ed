namespace Llama.Model.Kernels.Machine;

/// <summary>
/// How the codes of 16 outputs lie in a unit, from which generated code multiplies them: blocks of inputs, each of lines of 64 bytes that hold four bytes of each output, byte by byte as
/// <see cref="QuantizedWeight"/> has its rows, and behind them for each group of inputs a line of the outputs' scales and, where there are any, one of their minima. Where one scale is for the whole row its line is behind all blocks.
/// </summary>
/// <param name="Bits">Of a code: 8 or 4.</param>
/// <param name="Inputs">Elements of a row.</param>
/// <param name="GroupSize">Inputs that share a scale; <paramref name="Inputs"/> or more for the whole row.</param>
/// <param name="HasMinima">Whether groups have a minimum of their own.</param>
internal readonly record struct CodeUnit(int Bits, int Inputs, int GroupSize, bool HasMinima)
{
    /// <summary>Bytes of a line: one register.</summary>
    public const int LineBytes = 64;

    private const int Chunk = QuantizedWeight.Chunk, LeastGroup = 32, MostGroup = 256;

    /// <summary>That of a weight.</summary>
    public static CodeUnit Of(QuantizedWeight weight) => new(weight.Bits, weight.Inputs, weight.GroupSize, weight.Minima is not null);

    /// <summary>Whether weights fill it: their rows whole blocks, groups long enough to pay and short enough for their sums to be integers of 32 bits.</summary>
    public bool IsWhole => Inputs % BlockInputs == 0 && (IsByRow || GroupSize is >= LeastGroup and <= MostGroup);

    /// <summary>The code of 0 where there are no minima.</summary>
    public int ZeroPoint => 1 << (Bits - 1);

    /// <summary>Whether one scale is for the whole row.</summary>
    public bool IsByRow => GroupSize >= Inputs;

    /// <summary>Groups of a row.</summary>
    public int GroupCount => IsByRow ? 1 : Inputs / GroupSize;

    /// <summary>Inputs of a block.</summary>
    public int BlockInputs => IsByRow ? Chunk * 8 / Bits : Math.Max(GroupSize, Chunk * 8 / Bits);

    /// <summary>Lines of codes in a block.</summary>
    public int BlockLines => BlockInputs * Bits / 32;

    /// <summary>Groups that end with a block.</summary>
    public int BlockGroups => IsByRow ? 0 : BlockInputs / GroupSize;

    /// <summary>Lines of scales and minima for a group.</summary>
    public int GroupLines => HasMinima ? 2 : 1;

    /// <summary>Bytes of a block with the scales that follow it.</summary>
    public int BlockBytes => (BlockLines + BlockGroups * GroupLines) * LineBytes;

    /// <summary>Bytes of all blocks: where the scales of whole rows are.</summary>
    public int BlocksBytes => Inputs / BlockInputs * BlockBytes;

    /// <summary>Bytes of a unit.</summary>
    public int UnitBytes => BlocksBytes + (IsByRow ? GroupLines * LineBytes : 0);

    /// <summary>Inputs of a stretch, at whose end sums go to the outputs: whole blocks that, with those of other units, the second cache holds. The last may be shorter.</summary>
    public int StretchInputs => InputChunk.Of(Inputs, 0, BlockInputs, InputChunk.MostInputs).Inputs;

    /// <summary>Inputs whose sum is taken off with the codes' offset: of a group, or of a stretch.</summary>
    public int SumInputs => IsByRow ? StretchInputs : GroupSize;

    /// <summary>Whether the codes of a group are all low nibbles, or all high ones: then these are multiplied where they are, as 16 times their value, and a line holds a sixteenth of their scales.</summary>
    public bool PartsNibbles => Bits == 4 && !IsByRow && GroupSize <= Chunk;

    /// <summary>How much larger the codes of a group are where they are multiplied: 16 times where they are high nibbles, else 1.</summary>
    public int MagnitudeOf(int group) => PartsNibbles && group * GroupSize / Chunk % 2 == 1 ? 16 : 1;

    /// <summary>Where in a unit the line of a group's scales begins, with that of its minima behind it.</summary>
    public int ScalesAt(int group) => IsByRow ? BlocksBytes : group / BlockGroups * BlockBytes + (BlockLines + group % BlockGroups * GroupLines) * LineBytes;

    /// <summary>Which group of its block a lane of four codes belongs to.</summary>
    /// <param name="chunk">Of 64 inputs in the block.</param>
    /// <param name="lane">Of 16 in the chunk.</param>
    public int GroupOf(int chunk, int lane)
    {
        if (IsByRow) return 0;
        int narrow = Chunk / GroupSize; // 0 of groups that are wider than a chunk
        return narrow > 1 ? chunk * narrow + lane % narrow : chunk * Chunk / GroupSize;
    }
}
