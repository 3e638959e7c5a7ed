namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products of few rows in bfloat16 or float32: strip by strip each of up to 6 input rows with each of 4 weight rows as they lie in their file, summed in 16 lanes of float32
/// along the inputs. With each strip it fetches part of the next tile's weights, so that memory does not rest while several strips meet the same weights.
/// Registers: 0 to 23 the sums, 24 to 27 the weights, 28 and 29 the inputs in turn.
/// </summary>
internal static class FloatTile
{
    public const int MaxRows = 6, MaxOutputs = 4;

    private const int RegisterBytes = 64, WeightRegister = 24, InputRegister = 28, TailMask = 1;
    private const int ShortSteps = 16; // registers of a weight row up to which a round takes four of them instead of two: measured, see tests/Bench/NOTES.md, "Matrix products"

    public static byte[] Generate(TileShape shape)
    {
        Assembler code = new();
        int tail = TailOf(shape);
        TileFrame.Enter(code);
        if (tail > 0) code.SetMask(TailMask, (1u << tail) - 1);
        int tile = code.Mark();
        foreach (Strip strip in Strips.Of(shape.Rows, MaxRows).Cut(shape.FetchesAhead ? shape.Outputs : 0)) Rows(code, shape, strip);
        TileFrame.Next(code, tile, shape.Advance, shape.Advance * shape.WeightStride);
        code.Return();
        return code.ToArray();
    }

    private static int TailOf(TileShape shape) => shape.Inputs % (RegisterBytes / shape.ElementBytes);

    private static void Rows(Assembler code, TileShape shape, Strip strip)
    {
        int steps = shape.Inputs / (RegisterBytes / shape.ElementBytes), unroll = steps <= ShortSteps ? 4 : 2, done = 0;
        for (int sum = 0; sum < strip.Rows * shape.Outputs; sum++) code.Zero(sum);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        Loop(code, shape, strip, steps / unroll, unroll);
        for (; done < steps % unroll; done++) Step(code, shape, strip, done, mask: 0);
        if (TailOf(shape) > 0) Step(code, shape, strip, done, TailMask);
        for (int row = 0; row < strip.Rows; row++)
        {
            TileFrame.Sum(code, row * shape.Outputs, shape.Outputs);
            TileFrame.Store(code, row * shape.Outputs, shape.Outputs, shape.Distance, strip.First + row, shape.Add);
        }
    }

    private static void Loop(Assembler code, TileShape shape, Strip strip, int count, int unroll)
    {
        if (count == 0) return;
        code.Move(TileFrame.Counter, count);
        int loop = code.Mark();
        for (int step = 0; step < unroll; step++) Step(code, shape, strip, step, mask: 0);
        code.Add(TileFrame.InputCursor, unroll * RegisterBytes);
        code.Add(TileFrame.WeightCursor, unroll * RegisterBytes);
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(loop);
    }

    private static void Step(Assembler code, TileShape shape, Strip strip, int step, int mask)
    {
        int at = step * RegisterBytes;
        for (int ahead = strip.FirstAhead; ahead < strip.EndAhead; ahead++)
            code.Prefetch(new Memory(TileFrame.WeightCursor, (shape.Outputs + ahead) * shape.WeightStride + at), shape.FitsFirstCache);
        for (int output = 0; output < shape.Outputs; output++)
            Load(code, shape, WeightRegister + output, new Memory(TileFrame.WeightCursor, checked(output * shape.Distance * shape.WeightStride + at)), mask);
        for (int row = 0; row < strip.Rows; row++)
        {
            int input = InputRegister + row % 2;
            Load(code, shape, input, new Memory(TileFrame.InputCursor, (strip.First + row) * shape.InputStride + at), mask);
            for (int output = 0; output < shape.Outputs; output++) Multiply(row * shape.Outputs + output, WeightRegister + output);

            void Multiply(int sum, int weight)
            {
                if (shape.ElementBytes == sizeof(ushort)) code.DotBfloat16(sum, weight, input);
                else code.MultiplyAdd(sum, weight, input);
            }
        }
    }

    // Under a mask, because the end of a row may be that of the mapped file.
    private static void Load(Assembler code, TileShape shape, int target, Memory source, int mask)
    {
        if (mask == 0) code.Load(target, source);
        else if (shape.ElementBytes == sizeof(ushort)) code.LoadWords(target, source, mask);
        else code.LoadDwords(target, source, mask);
    }
}
