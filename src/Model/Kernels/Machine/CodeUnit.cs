namespace Llama.Model.Kernels.Machine;

/// <summary>
/// How the codes of 16 outputs lie in a unit, from which generated code multiplies them: blocks of inputs, each of lines of 64 bytes that hold bits of four codes of each output, byte by byte in the order in which
/// <see cref="QuantizedWeight"/> has its rows, and behind them, where scales are multiples of steps, a line of the outputs' steps, and for each group of inputs the outputs' scales; each followed by the same of minima where
/// there are any. Codes of 3, 5 and 6 bits are in two lines, of which the first has the lower 2 or 4. Where one scale is for the whole row its line is behind all blocks.
/// </summary>
/// <param name="Bits">Of a code: 2 to 6 or 8.</param>
/// <param name="Inputs">Elements of a row.</param>
/// <param name="GroupSize">Inputs that share a scale; <paramref name="Inputs"/> or more for the whole row.</param>
/// <param name="HasMinima">Whether groups have a minimum of their own.</param>
/// <param name="HasTable">Whether codes, of 4 bits then, are places in <see cref="CodeTable"/>.</param>
/// <param name="Scales">How scales and minima lie there.</param>
internal readonly record struct CodeUnit(int Bits, int Inputs, int GroupSize, bool HasMinima, bool HasTable = false, ScaleForm Scales = ScaleForm.Single)
{
    /// <summary>Bytes of a line: one register.</summary>
    public const int LineBytes = 64;

    /// <summary>Inputs whose scales are multiples of one step.</summary>
    public const int StepInputs = 256;

    private const int Chunk = QuantizedWeight.Chunk, Lanes = UnitPacker.Outputs, LeastGroup = 16, MostGroup = 256;

    /// <summary>That which holds any values of a weight's codes and scales.</summary>
    public static CodeUnit Of(QuantizedWeight weight) => new(weight.Bits, weight.Inputs, weight.GroupSize, weight.Minima is not null);

    /// <summary>Whether weights fill it: their rows whole blocks, blocks whole lines, groups long enough to pay and short enough for their sums to be integers of 32 bits.</summary>
    public bool IsWhole => Inputs % BlockInputs == 0 && BlockBytes % LineBytes == 0 && (IsByRow || GroupSize is >= LeastGroup and <= MostGroup);

    /// <summary>This form with codes and scales in fewer bits, as far as whole units allow.</summary>
    public CodeUnit Narrowed(PackedValues values)
    {
        CodeUnit wide = this with { Scales = values.Scales }, narrow = wide with { Bits = values.Bits, HasTable = values.HasTable };
        return IsByRow ? this : narrow.IsWhole ? narrow : wide.IsWhole ? wide : this;
    }

    /// <summary>Bits of a code in the rows of a <see cref="QuantizedWeight"/>.</summary>
    public int RowBits => Bits > 4 || HasTable ? 8 : 4;

    /// <summary>Whether a line holds the same bytes of all outputs' rows.</summary>
    public bool IsAsRows => Bits == RowBits;

    /// <summary>The code of 0 where there are no minima; of places in the table that of what they stand for.</summary>
    public int ZeroPoint => 1 << ((HasTable ? RowBits : Bits) - 1);

    /// <summary>Whether many rows are multiplied faster by panels in bfloat16: measured where scales are bytes (tests/Bench/NOTES.md, "Packed weights").</summary>
    public bool PaysInPanels => Scales == ScaleForm.Steps;

    /// <summary>By how much rows have larger codes.</summary>
    public int RowOffset => HasMinima || HasTable ? 0 : (1 << (RowBits - 1)) - ZeroPoint;

    /// <summary>Whether one scale is for the whole row.</summary>
    public bool IsByRow => GroupSize >= Inputs;

    /// <summary>Groups of a row.</summary>
    public int GroupCount => IsByRow ? 1 : Inputs / GroupSize;

    /// <summary>Inputs of a block: as many as fill their lines.</summary>
    public int BlockInputs => IsByRow ? LineInputs : Math.Max(Math.Max(LineInputs, GroupSize), Scales == ScaleForm.Steps ? StepInputs : 0);

    /// <summary>Lines of codes in a block.</summary>
    public int BlockLines => BlockInputs * Bits / 32;

    /// <summary>Groups that end with a block.</summary>
    public int BlockGroups => IsByRow ? 0 : BlockInputs / GroupSize;

    /// <summary>Bytes of a block with the scales that follow it.</summary>
    public int BlockBytes => ScalesInBlock(BlockGroups);

    /// <summary>Bytes of all blocks: where the scales of whole rows are.</summary>
    public int BlocksBytes => Inputs / BlockInputs * BlockBytes;

    /// <summary>Bytes of a unit.</summary>
    public int UnitBytes => BlocksBytes + (IsByRow ? GroupParts * LineBytes : 0);

    /// <summary>Inputs of a stretch, at whose end sums go to the outputs: whole blocks that, with those of other units, the second cache holds. The last may be shorter.</summary>
    public int StretchInputs => InputChunk.Of(Inputs, 0, BlockInputs, InputChunk.MostInputs).Inputs;

    /// <summary>Inputs whose sum is taken off with the codes' offset: of a group, or of a stretch.</summary>
    public int SumInputs => IsByRow ? StretchInputs : GroupSize;

    /// <summary>Whether the codes of a group are all low nibbles, or all high ones: then these are multiplied where they are, as 16 times their value.</summary>
    public bool PartsNibbles => Bits == 4 && !HasTable && !IsByRow && GroupSize <= Chunk;

    /// <summary>Bytes of the outputs' scales, or minima, of a group.</summary>
    public int ScaleBytes => Scales switch { ScaleForm.Single => LineBytes, ScaleForm.Half => LineBytes / 2, _ => LineBytes / 4 };

    /// <summary>How much larger the codes of a group are where they are multiplied: 16 times where they are high nibbles, else 1.</summary>
    public int MagnitudeOf(int group) => PartsNibbles && group * GroupSize / Chunk % 2 == 1 ? 16 : 1;

    /// <summary>Where in a block the scales of a group begin, with its minima <see cref="ScaleBytes"/> behind them.</summary>
    public int ScalesInBlock(int group) => StepsInBlock + (Scales == ScaleForm.Steps ? GroupParts * LineBytes : 0) + group * GroupParts * ScaleBytes;

    /// <summary>Where in a block the line of steps is, with that of the minima's behind it.</summary>
    public int StepsInBlock => BlockLines * LineBytes;

    /// <summary>Where in a unit the scales of a group begin.</summary>
    public int ScalesAt(int group) => IsByRow ? BlocksBytes : BlockOf(group) + ScalesInBlock(group % BlockGroups);

    /// <summary>Where in a unit the steps of a group's scales are.</summary>
    public int StepsAt(int group) => BlockOf(group) + StepsInBlock;

    /// <summary>Which group of its block a lane of four codes belongs to.</summary>
    /// <param name="chunk">Of 64 inputs in the block.</param>
    /// <param name="lane">Of 16 in the chunk.</param>
    public int GroupOf(int chunk, int lane)
    {
        if (IsByRow) return 0;
        int narrow = Chunk / GroupSize; // 0 of groups that are wider than a chunk
        return narrow > 1 ? chunk * narrow + lane % narrow : chunk * Chunk / GroupSize;
    }

    /// <summary>Where the codes of a lane lie: all of their bits, or the lower ones.</summary>
    /// <param name="chunk">Of 64 inputs in the block.</param>
    /// <param name="lane">Of 16 in the chunk.</param>
    public CodeField LowerField(int chunk, int lane) => Bits switch
    {
        8 => new CodeField(chunk * Lanes + lane, 0, 8, 0),
        >= 4 => new CodeField(chunk / 2 * Lanes + lane, chunk % 2 * 4, 4, 0),
        _ => new CodeField(chunk / 4 * Lanes + lane, chunk % 4 * 2, 2, 0),
    };

    /// <summary>Where their other bits lie; null where there are none.</summary>
    public CodeField? UpperField(int chunk, int lane) => Bits switch
    {
        6 => new CodeField(BlockInputs / 8 + chunk / 4 * Lanes + lane, chunk % 4 * 2, 2, 4),
        5 => new CodeField(BlockInputs / 8 + chunk / 4 * Lanes / 2 + lane % 8, chunk % 4 + lane / 8 * 4, 1, 4),
        3 => new CodeField(BlockInputs / 16 + chunk / 4 * Lanes / 2 + lane % 8, chunk % 4 + lane / 8 * 4, 1, 2),
        _ => null,
    };

    private int GroupParts => HasMinima ? 2 : 1; // scales, minima

    private int LineInputs => Bits switch { 8 => Chunk, 4 => 2 * Chunk, _ => 4 * Chunk };

    private int BlockOf(int group) => group / BlockGroups * BlockBytes;
}
