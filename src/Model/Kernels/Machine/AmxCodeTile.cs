namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates the tiles of <see cref="CodePanelTile"/> for processors with tile registers (AMX): up to 16 input rows with one unit, or two where one scale is for the whole row, over one stretch of inputs.
/// TDPBSUD multiplies either byte of the inputs exactly with 64 codes of each output at once; at the end of a group both integer sums go through memory to vector registers, and there become float32 by the same
/// operations in the same order: bit for bit the results are those of the other tiles. Shorter codes come as bytes, from a panel that <see cref="AmxCodeProducts"/> widens them into.
/// Tile registers: 0 to 3 the integer sums, high and low in turn, 4 and 5 the inputs' high and low bytes, 6 and 7 the codes. Vector registers: 0 to 15 the sums, 16 to 23 for what comes, 24 and 25 a group's scales and minima,
/// 26 the weight of the high byte, 27 zero, 28 sixteenths.
/// </summary>
internal static class AmxCodeTile
{
    /// <summary>Most rows.</summary>
    public const int MaxRows = 16;

    private const int Chunk = QuantizedWeight.Chunk, Lines = 16, LineBytes = CodeUnit.LineBytes, ChunkBytes = Lines * LineBytes;
    private const int Inputs = 4, Codes = 6, Next = 16, NextCount = 8, Scale = 24, Minima = 25, HighWeight = 26, Zero = 27, Sixteenth = 28;

    private const Gpr Workspace = Gpr.Rbx, Sums = Gpr.R12, InputStride = Gpr.R13, LineStride = Gpr.R14, CodeCursor = Gpr.R15, Ahead = Gpr.Rbp;
    private const Gpr RowScales = Sums; // where one scale is for the whole row there are no groups' sums to go along
    private const Gpr InputScales = TileFrame.InputCursor, OutputCursor = TileFrame.WeightCursor, StretchSums = TileFrame.Counter; // at the end of a tile

    private static readonly Gpr[] Preserved = [Workspace, Sums, InputStride, LineStride, CodeCursor, Ahead];

    /// <summary>Units of a tile.</summary>
    public static int MaxVectors(CodeUnit form) => form.IsByRow ? 2 : 1;

    /// <summary>Bytes of the memory that a tile's sums go through.</summary>
    public const int WorkspaceBytes = 4 * ChunkBytes;

    public static byte[] Generate(CodePanelShape shape)
    {
        CodeUnit form = shape.Form;
        Assembler code = new();
        foreach (Gpr register in Preserved) code.Push(register);
        Configure(code, shape);
        TileFrame.Enter(code);
        code.Move(Workspace, new Memory(TileFrame.Arguments, TileArguments.WorkspaceAt));
        if (form.Bits < 8) code.Move(CodeCursor, new Memory(TileFrame.Arguments, TileArguments.PanelAt));
        if (form.IsByRow) code.Move(RowScales, new Memory(TileFrame.Arguments, TileArguments.ScalesAt));
        if (shape.Ahead > 0) code.Move(Ahead, new Memory(TileFrame.Arguments, TileArguments.AheadAt));
        code.Move(InputStride, shape.InputStride);
        code.Move(LineStride, LineBytes * GroupsOfChunk(form));
        code.Fill(HighWeight, BitConverter.SingleToInt32Bits(256));
        code.Fill(Sixteenth, GroupScales.Sixteenth);
        code.Zero(Zero);
        int tile = code.Mark();
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        if (form.Bits == 8) code.Move(CodeCursor, TileFrame.Weight);
        if (form.IsByRow) ZeroIntegers(code, shape);
        else
        {
            code.Move(Sums, new Memory(TileFrame.Arguments, TileArguments.GroupSumsAt));
            for (int row = 0; row < shape.Rows; row++) code.Zero(row);
        }
        code.Move(TileFrame.Counter, shape.Inputs / form.BlockInputs);
        int block = code.Mark();
        Block(code, shape);
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(block);
        if (form.IsByRow) EndRow(code, shape);
        else AddToOutputs(code, shape);
        if (form.Bits < 8) code.Add(CodeCursor, (shape.Vectors - 1) * PanelBytes(shape));
        if (shape.Ahead > 0) code.Add(Ahead, shape.Vectors * form.UnitBytes - shape.Inputs / form.BlockInputs * form.BlockBytes);
        if (form.IsByRow) code.Add(RowScales, shape.Vectors * form.UnitBytes);
        TileFrame.Next(code, tile, shape.Vectors * Lines, shape.Vectors * form.UnitBytes);
        code.ReleaseTiles();
        foreach (Gpr register in Preserved.Reverse()) code.Pop(register);
        code.Return();
        return code.ToArray();
    }

    private static void Configure(Assembler code, CodePanelShape shape)
    {
        int groups = GroupsOfChunk(shape.Form);
        (int Rows, int Bytes) sums = (shape.Rows, LineBytes), inputs = (shape.Rows, LineBytes / groups), codes = (Lines / groups, LineBytes);
        code.ConfigureTiles(sums, sums, sums, sums, inputs, inputs, codes, codes);
    }

    private static void ZeroIntegers(Assembler code, CodePanelShape shape)
    {
        for (int tile = 0; tile < 2 * shape.Vectors; tile++) code.ZeroTile(tile);
    }

    private static void Block(Assembler code, CodePanelShape shape)
    {
        CodeUnit form = shape.Form;
        if (form.IsByRow) for (int chunk = 0; chunk < form.BlockInputs / Chunk; chunk++) Multiply(code, shape, chunk, part: 0);
        for (int group = 0; group < form.BlockGroups; group++) Group(code, shape, group);
        code.Add(TileFrame.InputCursor, form.BlockInputs * 2);
        code.Add(TileFrame.WeightCursor, form.BlockBytes);
        code.Add(CodeCursor, form.Bits < 8 ? form.BlockInputs * Lines : form.BlockBytes);
        if (!form.IsByRow) code.Add(Sums, form.BlockGroups * sizeof(float));
        if (shape.Ahead == 0) return;
        for (int vector = 0; vector < shape.Vectors; vector++)
            for (int line = 0; line < form.BlockBytes; line += LineBytes) code.Prefetch(new Memory(Ahead, vector * form.UnitBytes + line));
        code.Add(Ahead, form.BlockBytes);
    }

    private static void Group(Assembler code, CodePanelShape shape, int group)
    {
        CodeUnit form = shape.Form;
        int groups = GroupsOfChunk(form), first = group * form.GroupSize / Chunk;
        ZeroIntegers(code, shape);
        for (int chunk = 0; chunk < Math.Max(form.GroupSize / Chunk, 1); chunk++) Multiply(code, shape, first + chunk, group % groups);
        StoreIntegers(code, shape);
        GroupScales.Load(code, form, group, new Memory(TileFrame.WeightCursor), Scale, Sixteenth);
        if (form.HasMinima) GroupScales.LoadMinima(code, form, group, new Memory(TileFrame.WeightCursor), Minima);
        for (int row = 0; row < shape.Rows; row++)
        {
            int value = Next + row % NextCount;
            Memory inputSum = new(Sums, row * shape.SumStride + group * sizeof(float));
            code.ShiftLeftDwords(value, Integer(shape, 0, row), 8);
            code.AddDwords(value, value, Integer(shape, 1, row));
            if (!form.HasMinima) code.AddDwords1(value, value, inputSum);
            code.ToFloat(value, value);
            code.MultiplyAdd(row, value, Scale);
            if (form.HasMinima) code.MultiplySubtractFrom1(row, Minima, inputSum);
        }
    }

    // Lanes of narrow groups alternate in the codes, but follow each other in the inputs.
    private static void Multiply(Assembler code, CodePanelShape shape, int chunk, int part)
    {
        Memory high = new(TileFrame.InputCursor, chunk * 2 * Chunk + part * Chunk / GroupsOfChunk(shape.Form));
        code.LoadTile(Inputs, high, InputStride);
        code.LoadTile(Inputs + 1, high with { Displacement = high.Displacement + Chunk }, InputStride);
        for (int vector = 0; vector < shape.Vectors; vector++)
        {
            int between = shape.Form.Bits < 8 ? PanelBytes(shape) : shape.Form.UnitBytes;
            code.LoadTile(Codes + vector, new Memory(CodeCursor, vector * between + chunk * ChunkBytes + part * LineBytes), LineStride);
            code.TileDotBytes(2 * vector, Inputs, Codes + vector);
            code.TileDotBytes(2 * vector + 1, Inputs + 1, Codes + vector);
        }
    }

    private static void StoreIntegers(Assembler code, CodePanelShape shape)
    {
        for (int tile = 0; tile < 2 * shape.Vectors; tile++) code.StoreTile(tile, Integer(shape, tile, row: 0), LineStride);
    }

    // As far apart as lines of codes, so that one register says both; what lies between is the other tile's.
    private static Memory Integer(CodePanelShape shape, int tile, int row)
    {
        int groups = GroupsOfChunk(shape.Form);
        return new Memory(Workspace, row * groups * LineBytes + tile * (groups > 1 ? LineBytes : ChunkBytes));
    }

    private static void EndRow(Assembler code, CodePanelShape shape)
    {
        StoreIntegers(code, shape);
        code.Move(StretchSums, new Memory(TileFrame.Arguments, TileArguments.GroupSumsAt));
        ForEachOutputRow(code, shape, row =>
        {
            const int factor = Next, first = Next + 1;
            code.Broadcast1(factor, new Memory(InputScales, row * sizeof(float)));
            for (int vector = 0; vector < shape.Vectors; vector++)
            {
                int sum = first + 2 * vector, low = sum + 1;
                Memory inputSum = new(StretchSums, row * shape.SumStride), scales = new(RowScales, vector * shape.Form.UnitBytes);
                code.ToFloat(sum, Integer(shape, 2 * vector, row));
                code.ToFloat(low, Integer(shape, 2 * vector + 1, row));
                code.MultiplyByAndAdd(sum, HighWeight, low);
                if (!shape.Form.HasMinima) code.Subtract1(sum, sum, inputSum);
                code.Multiply(sum, sum, scales);
                if (shape.Form.HasMinima)
                {
                    code.Load(Minima, scales with { Displacement = scales.Displacement + LineBytes });
                    code.MultiplySubtractFrom1(sum, Minima, inputSum);
                }
                AddToOutput(code, shape, sum, factor, vector);
            }
        });
    }

    private static void AddToOutputs(Assembler code, CodePanelShape shape) => ForEachOutputRow(code, shape, row =>
    {
        code.Broadcast1(Next, new Memory(InputScales, row * sizeof(float)));
        AddToOutput(code, shape, row, Next, vector: 0);
    });

    private static void AddToOutput(Assembler code, CodePanelShape shape, int sum, int factor, int vector)
    {
        Memory output = new(OutputCursor, vector * LineBytes);
        if (shape.Add) code.MultiplyByAndAdd(sum, factor, output);
        else code.MultiplyByAndAdd(sum, factor, Zero);
        code.Store(sum, output);
    }

    private static void ForEachOutputRow(Assembler code, CodePanelShape shape, Action<int> visit)
    {
        code.Move(InputScales, new Memory(TileFrame.Arguments, TileArguments.InputScalesAt));
        code.Move(OutputCursor, TileFrame.Output);
        for (int row = 0; row < shape.Rows; row++)
        {
            visit(row);
            code.Add(OutputCursor, TileFrame.OutputStride);
        }
    }

    private static int PanelBytes(CodePanelShape shape) => shape.Inputs * Lines;

    private static int GroupsOfChunk(CodeUnit form) => form.IsByRow ? 1 : Math.Max(Chunk / form.GroupSize, 1);
}
