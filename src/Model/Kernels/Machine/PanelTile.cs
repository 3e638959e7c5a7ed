namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products in bfloat16 by packed units of weights, [pairs of inputs][16 outputs][2]: some input rows with the outputs of one or several units, whose lanes they are.
/// A pair of inputs goes to all lanes, so that nothing is left to sum at the end. Each output is one chain of sums along the inputs, begun where the stretch before ended: its value depends neither on the
/// other rows nor on how the inputs are cut. 24 sums hide the latency of VDPBF16PS: 12 rows with 2 units, whose 14 loads for 24 products stay below two a cycle, or 24 with one, which the weights pass once.
/// Registers: 0 to 23 the sums, 24 to 27 the weights, 28 to 31 the inputs in turn.
/// </summary>
internal static class PanelTile
{
    public const int Lanes = 16, MaxSums = 24;

    /// <summary>A packed stretch is a multiple of this long.</summary>
    public const int InputMultiple = 2 * Unroll;

    private const int Unroll = 4, WeightRegister = 24, InputRegister = 28, InputRegisters = 4, VectorBytes = 64, PairBytes = 4;

    private const Gpr Ahead = TileFrame.Arguments; // which nobody needs any more by then

    public static byte[] Generate(PanelShape shape)
    {
        Assembler code = new();
        TileFrame.Enter(code);
        if (shape.Fetch.HasAhead) code.Move(Ahead, new Memory(TileFrame.Arguments, TileArguments.AheadAt));
        int tile = code.Mark();
        if (shape.Add) ForEachSum(code, shape, code.Load);
        else for (int sum = 0; sum < shape.Rows * shape.Vectors; sum++) code.Zero(sum);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        int last = shape.LastInputs(InputMultiple);
        Loop(code, shape, shape.Inputs - last, shape.Distance);
        Loop(code, shape, last, shape.LastDistance);
        if (shape.Fetch.HasAhead) code.Add(Ahead, shape.AheadToNext);
        ForEachSum(code, shape, code.Store);
        TileFrame.Next(code, tile, shape.Vectors * Lanes, shape.Vectors * shape.UnitStride);
        code.Return();
        return code.ToArray();
    }

    private static void Loop(Assembler code, PanelShape shape, int inputs, int distance)
    {
        if (inputs == 0) return;
        code.Move(TileFrame.Counter, inputs / InputMultiple);
        int loop = code.Mark();
        for (int step = 0; step < Unroll; step++) Step(code, shape, step, distance);
        code.Add(TileFrame.InputCursor, Unroll * PairBytes);
        code.Add(TileFrame.WeightCursor, Unroll * VectorBytes);
        if (shape.Fetch.HasAhead) code.Add(Ahead, shape.AheadOver(InputMultiple));
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(loop);
    }

    private static void Step(Assembler code, PanelShape shape, int step, int distance)
    {
        for (int row = step; row < shape.Fetch.Rows; row += Unroll) code.Prefetch(new Memory(Ahead, row * shape.Fetch.RowStride)); // each line several times, which costs nothing
        bool fetchesLine = shape.Fetch.LineParts > 0 && step % shape.Fetch.LineParts == 0;
        for (int v = 0; v < shape.Vectors; v++)
        {
            Memory line = new(TileFrame.WeightCursor, v * shape.UnitStride + step * VectorBytes);
            code.Load(WeightRegister + v, line);
            if (shape.Fetch.Distance > 0) code.Prefetch(line with { Displacement = line.Displacement + distance }, intoFirst: true);
            else if (fetchesLine) code.Prefetch(new Memory(Ahead, v * shape.UnitStride + step / shape.Fetch.LineParts * VectorBytes));
        }
        for (int row = 0; row < shape.Rows; row++)
        {
            Memory pair = new(TileFrame.InputCursor, row * shape.InputStride + step * PairBytes);
            int input = InputRegister + row % InputRegisters;
            if (shape.Vectors == 1)
            {
                code.DotBfloat16(row, WeightRegister, pair);
                continue;
            }
            code.Broadcast1(input, pair);
            for (int v = 0; v < shape.Vectors; v++) code.DotBfloat16(row * shape.Vectors + v, WeightRegister + v, input);
        }
    }

    private static void ForEachSum(Assembler code, PanelShape shape, Action<int, Memory> move)
    {
        code.Move(TileFrame.InputCursor, TileFrame.Output);
        for (int row = 0; row < shape.Rows; row++)
        {
            for (int v = 0; v < shape.Vectors; v++) move(row * shape.Vectors + v, new Memory(TileFrame.InputCursor, v * VectorBytes));
            code.Add(TileFrame.InputCursor, TileFrame.OutputStride);
        }
    }
}
