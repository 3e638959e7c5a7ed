namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products of many rows in bfloat16: each of up to 12 input rows with 32 outputs, the lanes of two registers, by weights packed in panels: [pairs of inputs][outputs][2].
/// A pair of inputs goes to all lanes, so that nothing is left to sum at the end; 24 sums hide the latency of VDPBF16PS, and 14 loads for 24 products stay below two a cycle.
/// Registers: 0 to 23 the sums, 24 and 25 the weights, 26 to 29 the inputs in turn.
/// </summary>
internal static class PanelTile
{
    public const int MaxRows = 12, MaxVectors = 2, Lanes = 16;

    /// <summary>A packed row is a multiple of this long.</summary>
    public const int InputMultiple = 2 * Unroll;

    private const int Unroll = 4, WeightRegister = 24, InputRegister = 26, VectorBytes = 64, PairBytes = 4;

    private const Gpr Ahead = TileFrame.Arguments; // which nobody needs any more by then

    public static byte[] Generate(PanelShape shape)
    {
        Assembler code = new();
        TileFrame.Enter(code);
        if (shape.RowsAhead > 0) code.Move(Ahead, new Memory(TileFrame.Arguments, TileArguments.AheadAt));
        int tile = code.Mark();
        for (int sum = 0; sum < shape.Rows * shape.Vectors; sum++) code.Zero(sum);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        code.Move(TileFrame.Counter, shape.Inputs / InputMultiple);
        int loop = code.Mark();
        for (int step = 0; step < Unroll; step++) Step(code, shape, step);
        code.Add(TileFrame.InputCursor, Unroll * PairBytes);
        code.Add(TileFrame.WeightCursor, Unroll * shape.Vectors * VectorBytes);
        if (shape.RowsAhead > 0) code.Add(Ahead, InputMultiple * shape.WeightBits / 8);
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(loop);
        if (shape.RowsAhead > 0) code.Add(Ahead, shape.RowsAhead * shape.WeightStride - shape.Inputs * shape.WeightBits / 8);
        Finish(code, shape);
        TileFrame.Next(code, tile, shape.Vectors * Lanes, weightBytes: shape.Inputs / 2 * shape.Vectors * VectorBytes);
        code.Return();
        return code.ToArray();
    }

    private static void Step(Assembler code, PanelShape shape, int step)
    {
        for (int row = step; row < shape.RowsAhead; row += Unroll) code.Prefetch(new Memory(Ahead, row * shape.WeightStride)); // each line several times, which costs nothing
        for (int v = 0; v < shape.Vectors; v++) code.Load(WeightRegister + v, new Memory(TileFrame.WeightCursor, (step * shape.Vectors + v) * VectorBytes));
        for (int row = 0; row < shape.Rows; row++)
        {
            int input = InputRegister + row % 4;
            code.Broadcast1(input, new Memory(TileFrame.InputCursor, row * shape.InputStride + step * PairBytes));
            for (int v = 0; v < shape.Vectors; v++) code.DotBfloat16(row * shape.Vectors + v, WeightRegister + v, input);
        }
    }

    private static void Finish(Assembler code, PanelShape shape)
    {
        code.Move(TileFrame.InputCursor, TileFrame.Output);
        for (int row = 0; row < shape.Rows; row++)
        {
            for (int v = 0; v < shape.Vectors; v++)
            {
                Memory place = new(TileFrame.InputCursor, v * VectorBytes);
                int sum = row * shape.Vectors + v;
                if (shape.Add) code.Add(sum, sum, place);
                code.Store(sum, place);
            }
            code.Add(TileFrame.InputCursor, TileFrame.OutputStride);
        }
    }
}
