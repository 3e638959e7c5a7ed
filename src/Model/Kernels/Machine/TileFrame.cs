namespace Llama.Model.Kernels.Machine;

/// <summary>What all tiles begin and end with. Registers by the System V ABI; those named here are not to be preserved.</summary>
internal static class TileFrame
{
    public const Gpr Arguments = Gpr.Rdi, Input = Gpr.Rsi, Weight = Gpr.Rdx, Output = Gpr.Rcx, OutputStride = Gpr.R8, Count = Gpr.R9;
    public const Gpr Counter = Gpr.R10, WeightCursor = Gpr.R11, InputCursor = Gpr.Rax;

    private const int Spare = 28; // 28 to 31 hold no sums
    private const int FirstCacheBytes = 36 << 10; // of 48 KB, as most have that know these instructions

    /// <summary>Whether the first cache holds the inputs, a tile's weights and the next tile's, which had else better wait in the second.</summary>
    public static bool FitFirstCache(int inputBytes, int weightBytes) => inputBytes + 2 * weightBytes <= FirstCacheBytes;

    public static void Enter(Assembler code)
    {
        code.Move(Input, new Memory(Arguments, TileArguments.InputAt));
        code.Move(Weight, new Memory(Arguments, TileArguments.WeightAt));
        code.Move(Output, new Memory(Arguments, TileArguments.OutputAt));
        code.Move(OutputStride, new Memory(Arguments, TileArguments.OutputStrideAt));
        code.Move(Count, new Memory(Arguments, TileArguments.CountAt));
    }

    /// <summary>Sums the lanes of a row's registers into the lowest lanes of the first.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="first">The register of the row's first output.</param>
    /// <param name="outputs">4 or 1.</param>
    public static void Sum(Assembler code, int first, int outputs)
    {
        const int zero = Spare + 3;
        if (outputs > 1)
        {
            Sum(code, first, first + 1, first + 2, first + 3);
            return;
        }
        code.Zero(zero);
        Sum(code, first, zero, zero, zero);
    }

    /// <summary>Writes a row's outputs from the lowest lanes of a register. Rows come in order.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="sums">The register.</param>
    /// <param name="outputs">4 or 1.</param>
    /// <param name="distance">From one output to the next.</param>
    /// <param name="row">The row; its place is kept from one to the next.</param>
    /// <param name="add">Whether to add to what is there.</param>
    public static void Store(Assembler code, int sums, int outputs, int distance, int row, bool add)
    {
        const Gpr target = Arguments; // which nobody needs any more
        if (row == 0) code.Move(target, Output);
        else code.Add(target, OutputStride);
        if (outputs == 1 || distance > 1)
        {
            StoreLanes(code, sums, outputs, new Memory(target), distance * sizeof(float), add);
            return;
        }
        if (add) code.AddX(sums, sums, new Memory(target));
        code.StoreX(sums, new Memory(target));
    }

    /// <summary>Goes on with the next tile along the outputs while there is one.</summary>
    public static void Next(Assembler code, int tile, int outputs, int weightBytes)
    {
        code.Add(Weight, weightBytes);
        code.Add(Output, outputs * sizeof(float));
        code.Decrement(Count);
        code.JumpIfNotZero(tile);
    }

    private static void StoreLanes(Assembler code, int sums, int outputs, Memory place, int distance, bool add)
    {
        const int there = Spare;
        if (add)
        {
            code.LoadScalar(there, place);
            for (int output = 1; output < outputs; output++) code.LoadLane(there, At(output), output);
            code.AddX(sums, sums, there);
        }
        code.StoreScalar(sums, place);
        for (int output = 1; output < outputs; output++) code.StoreLane(sums, At(output), output);

        Memory At(int output) => place with { Displacement = output * distance };
    }

    // The four sums of the lanes of a, b, c, d into the lowest lanes of a: interleave and add, so that each addition does useful work in all lanes.
    private static void Sum(Assembler code, int a, int b, int c, int d)
    {
        const int left = Spare, right = Spare + 1, other = Spare + 2;
        code.UnpackLow(left, a, b);
        code.UnpackHigh(other, a, b);
        code.Add(left, left, other); // a0+a2 b0+b2 a1+a3 b1+b3 in each quarter
        code.UnpackLow(right, c, d);
        code.UnpackHigh(other, c, d);
        code.Add(right, right, other);
        code.UnpackLowPairs(a, left, right);
        code.UnpackHighPairs(other, left, right);
        code.Add(a, a, other); // a b c d in each quarter
        code.UpperHalf(other, a);
        code.AddY(a, a, other);
        code.UpperQuarter(other, a);
        code.AddX(a, a, other);
    }
}
