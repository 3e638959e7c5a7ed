namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products of few rows in bfloat16 or float32: each of up to 6 input rows with each of 4 weight rows as they lie in their file, summed in 16 lanes of float32 along the inputs.
/// Registers: 0 to 23 the sums, 24 to 27 the weights, 28 and 29 the inputs in turn.
/// </summary>
internal static class FloatTile
{
    public const int MaxRows = 6, MaxOutputs = 4;

    private const int Unroll = 2, RegisterBytes = 64, WeightRegister = 24, InputRegister = 28, TailMask = 1;

    public static byte[] Generate(TileShape shape)
    {
        Assembler code = new();
        int tail = TailOf(shape);
        TileFrame.Enter(code);
        if (tail > 0) code.SetMask(TailMask, (1u << tail) - 1);
        int tile = code.Mark();
        for (int sum = 0; sum < shape.Rows * shape.Outputs; sum++) code.Zero(sum);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        Multiply(code, shape);
        for (int row = 0; row < shape.Rows; row++)
        {
            TileFrame.Sum(code, row * shape.Outputs, shape.Outputs);
            TileFrame.Store(code, row * shape.Outputs, shape.Outputs, shape.Streams.Distance, row, shape.Add);
        }
        TileFrame.Next(code, tile, outputs: 1, shape.WeightStride);
        code.Return();
        return code.ToArray();
    }

    private static int TailOf(TileShape shape) => shape.Inputs % (RegisterBytes / shape.ElementBytes);

    private static void Multiply(Assembler code, TileShape shape)
    {
        int steps = shape.Inputs / (RegisterBytes / shape.ElementBytes), done = 0;
        Loop(code, shape, steps / Unroll);
        for (; done < steps % Unroll; done++) Step(code, shape, done, mask: 0);
        if (TailOf(shape) > 0) Step(code, shape, done, TailMask);
    }

    private static void Loop(Assembler code, TileShape shape, int count)
    {
        if (count == 0) return;
        code.Move(TileFrame.Counter, count);
        int loop = code.Mark();
        for (int step = 0; step < Unroll; step++) Step(code, shape, step, mask: 0);
        code.Add(TileFrame.InputCursor, Unroll * RegisterBytes);
        code.Add(TileFrame.WeightCursor, Unroll * RegisterBytes);
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(loop);
    }

    private static void Step(Assembler code, TileShape shape, int step, int mask)
    {
        int at = step * RegisterBytes;
        WeightStreams streams = shape.Streams;
        for (int output = streams.FirstAhead; output < streams.EndAhead; output++) code.Prefetch(WeightAt(output, streams.TilesAhead));
        for (int output = 0; output < shape.Outputs; output++) Load(code, shape, WeightRegister + output, WeightAt(output, tile: 0), mask);
        for (int row = 0; row < shape.Rows; row++)
        {
            int input = InputRegister + row % 2;
            Load(code, shape, input, new Memory(TileFrame.InputCursor, row * shape.InputStride + at), mask);
            for (int output = 0; output < shape.Outputs; output++) Multiply(row * shape.Outputs + output, WeightRegister + output);

            void Multiply(int sum, int weight)
            {
                if (shape.ElementBytes == sizeof(ushort)) code.DotBfloat16(sum, weight, input);
                else code.MultiplyAdd(sum, weight, input);
            }
        }

        Memory WeightAt(int output, int tile) => new(TileFrame.WeightCursor, checked((output * streams.Distance + tile) * shape.WeightStride + at));
    }

    // Under a mask, because the end of a row may be that of the mapped file.
    private static void Load(Assembler code, TileShape shape, int target, Memory source, int mask)
    {
        if (mask == 0) code.Load(target, source);
        else if (shape.ElementBytes == sizeof(ushort)) code.LoadWords(target, source, mask);
        else code.LoadDwords(target, source, mask);
    }
}
