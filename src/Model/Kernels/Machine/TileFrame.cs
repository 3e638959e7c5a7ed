namespace Llama.Model.Kernels.Machine;

/// <summary>What all tiles begin and end with. Registers by the System V ABI; those named here are not to be preserved.</summary>
internal static class TileFrame
{
    public const Gpr Arguments = Gpr.Rdi, Input = Gpr.Rsi, Weight = Gpr.Rdx, Output = Gpr.Rcx, OutputStride = Gpr.R8, Count = Gpr.R9;
    public const Gpr Counter = Gpr.R10, WeightCursor = Gpr.R11, InputCursor = Gpr.Rax;

    private const int Spare = 28; // 28 to 31 hold no sums

    public static void Enter(Assembler code)
    {
        code.Move(Input, new Memory(Arguments, TileArguments.InputAt));
        code.Move(Weight, new Memory(Arguments, TileArguments.WeightAt));
        code.Move(Output, new Memory(Arguments, TileArguments.OutputAt));
        code.Move(OutputStride, new Memory(Arguments, TileArguments.OutputStrideAt));
        code.Move(Count, new Memory(Arguments, TileArguments.CountAt));
    }

    /// <summary>Sums the lanes of a row's registers and writes its outputs. Rows come in order.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="first">The register of the row's first output.</param>
    /// <param name="outputs">4 or 1.</param>
    /// <param name="row">The row; its place is kept from one to the next.</param>
    /// <param name="add">Whether to add to what is there.</param>
    /// <param name="factor">Where a factor for all of the row's outputs lies, if it has one.</param>
    public static void Finish(Assembler code, int first, int outputs, int row, bool add, Memory? factor = null)
    {
        const Gpr target = Arguments; // which nobody needs any more
        if (row == 0) code.Move(target, Output);
        else code.Add(target, OutputStride);
        Memory place = new(target);
        if (outputs == 1)
        {
            code.Zero(Spare + 3);
            Sum(code, first, Spare + 3, Spare + 3, Spare + 3);
        }
        else
        {
            Sum(code, first, first + 1, first + 2, first + 3);
        }
        if (factor is { } scale) code.MultiplyX1(first, first, scale);
        if (outputs == 1)
        {
            if (add) code.AddScalar(first, first, place);
            code.StoreScalar(first, place);
        }
        else
        {
            if (add) code.AddX(first, first, place);
            code.StoreX(first, place);
        }
    }

    /// <summary>Goes on with the next tile along the outputs while there is one.</summary>
    public static void Next(Assembler code, int tile, int outputs, int weightBytes)
    {
        code.Add(Weight, weightBytes);
        code.Add(Output, outputs * sizeof(float));
        code.Decrement(Count);
        code.JumpIfNotZero(tile);
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
