namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates the tiles of <see cref="PanelTile"/> for processors with tile registers (AMX): 16 rows by 16 outputs by 32 inputs an instruction, and a unit's lines are as it wants them.
/// Each output is one chain of sums, a link of which is 32 inputs: its value depends neither on the other rows nor on how the inputs are cut.
/// Registers: 0 to 3 the sums, of up to 16 rows with up to four units or of up to 32 with two; behind them the inputs, and the weights in turn.
/// </summary>
internal static class AmxPanelTile
{
    /// <summary>Most rows, and most that are in one register.</summary>
    public const int MaxRows = 2 * RegisterRows, RegisterRows = 16;

    /// <summary>A packed stretch is a multiple of this long.</summary>
    public const int InputMultiple = 32;

    private const int Sums = 4, Registers = 8, RowBytes = 64, Lines = 16, StepBytes = Lines * RowBytes;

    private const Gpr Ahead = TileFrame.Arguments; // which nobody needs any more by then
    private const Gpr InputStride = Gpr.Rbx, LineStride = Gpr.R12, Place = Gpr.R13;

    private static readonly Gpr[] Preserved = [InputStride, LineStride, Place];

    /// <summary>Most units of a tile.</summary>
    public static int MaxVectors(int rows) => Sums / Parts(rows);

    public static byte[] Generate(PanelShape shape)
    {
        Assembler code = new();
        foreach (Gpr register in Preserved) code.Push(register);
        Configure(code, shape);
        TileFrame.Enter(code);
        if (shape.Fetch.HasAhead) code.Move(Ahead, new Memory(TileFrame.Arguments, TileArguments.AheadAt));
        code.Move(InputStride, shape.InputStride);
        code.Move(LineStride, RowBytes);
        int tile = code.Mark();
        if (shape.Add) ForEachSum(code, shape, (sum, output) => code.LoadTile(sum, output, TileFrame.OutputStride));
        else for (int sum = 0; sum < Parts(shape.Rows) * shape.Vectors; sum++) code.ZeroTile(sum);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        int last = shape.LastInputs(InputMultiple);
        Loop(code, shape, shape.Inputs - last, shape.Distance);
        Loop(code, shape, last, shape.LastDistance);
        if (shape.Fetch.HasAhead) code.Add(Ahead, shape.AheadToNext);
        ForEachSum(code, shape, (sum, output) => code.StoreTile(sum, output, TileFrame.OutputStride));
        TileFrame.Next(code, tile, shape.Vectors * Lines, shape.Vectors * shape.UnitStride);
        code.ReleaseTiles();
        foreach (Gpr register in Preserved.Reverse()) code.Pop(register);
        code.Return();
        return code.ToArray();
    }

    private static void Configure(Assembler code, PanelShape shape)
    {
        Span<(int Rows, int Bytes)> tiles = stackalloc (int, int)[Registers];
        tiles.Fill((Lines, RowBytes));
        for (int part = 0; part < Parts(shape.Rows); part++)
        {
            tiles[Input(part)].Rows = RowsOf(shape, part);
            for (int v = 0; v < shape.Vectors; v++) tiles[Sum(shape, part, v)].Rows = RowsOf(shape, part);
        }
        code.ConfigureTiles(tiles);
    }

    private static void Loop(Assembler code, PanelShape shape, int inputs, int distance)
    {
        if (inputs == 0) return;
        code.Move(TileFrame.Counter, inputs / InputMultiple);
        int loop = code.Mark();
        Step(code, shape, distance);
        code.Add(TileFrame.InputCursor, RowBytes);
        code.Add(TileFrame.WeightCursor, StepBytes);
        if (shape.Fetch.HasAhead) code.Add(Ahead, shape.AheadOver(InputMultiple));
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(loop);
    }

    private static void Step(Assembler code, PanelShape shape, int distance)
    {
        int parts = Parts(shape.Rows), weights = Input(parts);
        for (int row = 0; row < shape.Fetch.Rows; row++) code.Prefetch(new Memory(Ahead, row * shape.Fetch.RowStride));
        for (int part = 0; part < parts; part++) code.LoadTile(Input(part), new Memory(TileFrame.InputCursor, part * RegisterRows * shape.InputStride), InputStride);
        for (int v = 0; v < shape.Vectors; v++)
        {
            Memory lines = new(TileFrame.WeightCursor, v * shape.UnitStride);
            int weight = weights + v % (Registers - weights);
            code.LoadTile(weight, lines, LineStride);
            Fetch(code, shape, lines, v, distance);
            for (int part = 0; part < parts; part++) code.TileDotBfloat16(Sum(shape, part, v), Input(part), weight);
        }
    }

    private static void Fetch(Assembler code, PanelShape shape, Memory lines, int vector, int distance)
    {
        if (shape.Fetch.Distance > 0)
            for (int line = 0; line < Lines; line++) code.Prefetch(lines with { Displacement = lines.Displacement + distance + line * RowBytes }, intoFirst: true);
        else if (shape.Fetch.LineParts > 0)
            for (int line = 0; line < Lines / shape.Fetch.LineParts; line++) code.Prefetch(new Memory(Ahead, vector * shape.UnitStride + line * RowBytes));
    }

    private static int Parts(int rows) => (rows + RegisterRows - 1) / RegisterRows;

    private static int RowsOf(PanelShape shape, int part) => Math.Min(RegisterRows, shape.Rows - part * RegisterRows);

    private static int Sum(PanelShape shape, int part, int vector) => part * shape.Vectors + vector;

    private static int Input(int part) => Sums + part;

    private static void ForEachSum(Assembler code, PanelShape shape, Action<int, Memory> move)
    {
        code.Move(Place, TileFrame.Output);
        for (int part = 0; part < Parts(shape.Rows); part++)
        {
            if (part > 0)
            {
                code.Move(Place, TileFrame.OutputStride);
                code.ShiftLeft(Place, 4); // the first part's rows are 16
                code.Add(Place, TileFrame.Output);
            }
            for (int v = 0; v < shape.Vectors; v++) move(Sum(shape, part, v), new Memory(Place, v * RowBytes));
        }
    }
}
