namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products of few rows in bfloat16: each of up to 6 input rows with each of 4 weight rows as they lie in their file, summed in 16 lanes of float32 along the inputs.
/// While it works it fetches part of the next tile's weights, so that memory does not rest while several strips of inputs meet the same weights.
/// Registers: 0 to 23 the sums, 24 to 27 the weights, 28 and 29 the inputs in turn.
/// </summary>
internal static class Bf16Tile
{
    public const int MaxRows = 6, MaxOutputs = 4;

    private const int Lanes = 32, Unroll = 2, WeightRegister = 24, InputRegister = 28, TailMask = 1;

    public static byte[] Generate(TileShape shape)
    {
        Assembler code = new();
        int steps = shape.Inputs / Lanes, tail = shape.Inputs % Lanes;
        TileFrame.Enter(code);
        if (tail > 0) code.SetMask(TailMask, (1u << tail) - 1);
        int tile = code.Mark();
        for (int sum = 0; sum < shape.Rows * shape.Outputs; sum++) code.Zero(sum);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        Loop(code, shape, steps / Unroll);
        int done = 0;
        for (; done < steps % Unroll; done++) Step(code, shape, done, mask: 0);
        if (tail > 0) Step(code, shape, done, TailMask);
        for (int row = 0; row < shape.Rows; row++) TileFrame.Finish(code, row * shape.Outputs, shape.Outputs, row, shape.Add);
        TileFrame.Next(code, tile, shape.Outputs, shape.Outputs * shape.WeightStride);
        code.Return();
        return code.ToArray();
    }

    private static void Loop(Assembler code, TileShape shape, int count)
    {
        if (count == 0) return;
        code.Move(TileFrame.Counter, count);
        int loop = code.Mark();
        for (int step = 0; step < Unroll; step++) Step(code, shape, step, mask: 0);
        code.Add(TileFrame.InputCursor, Unroll * Lanes * sizeof(ushort));
        code.Add(TileFrame.WeightCursor, Unroll * Lanes * sizeof(ushort));
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(loop);
    }

    private static void Step(Assembler code, TileShape shape, int step, int mask)
    {
        int at = step * Lanes * sizeof(ushort);
        for (int ahead = shape.FirstAhead; ahead < shape.FirstAhead + shape.RowsAhead; ahead++)
            code.Prefetch(new Memory(TileFrame.WeightCursor, (shape.Outputs + ahead) * shape.WeightStride + at));
        for (int output = 0; output < shape.Outputs; output++)
        {
            Memory weights = new(TileFrame.WeightCursor, output * shape.WeightStride + at);
            if (mask == 0) code.Load(WeightRegister + output, weights);
            else code.LoadWords(WeightRegister + output, weights, mask); // a row's end may be the mapped file's
        }
        for (int row = 0; row < shape.Rows; row++)
        {
            int input = InputRegister + row % 2;
            code.Load(input, new Memory(TileFrame.InputCursor, row * shape.InputStride + at)); // padded with zeros
            for (int output = 0; output < shape.Outputs; output++) code.DotBfloat16(row * shape.Outputs + output, WeightRegister + output, input);
        }
    }
}
