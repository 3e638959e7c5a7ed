namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates the packing of 16 weight rows into a unit of bfloat16, [pairs of inputs][16 outputs][2]: blocks of 16 rows × 32 inputs are brought to bfloat16 where they are codes, and transposed in registers by pairs of inputs,
/// as four interleavings of which the first two work within quarters of registers and the last two on whole quarters. Arguments: the rows as weight with their scales, the unit as
/// output, rounds as count.
/// </summary>
internal static class PanelPacker
{
    private const int Rows = 16, TailMask = 1, Half = 16; // a block is two halves of 16 inputs
    private const int Low = 16, High = 17, Scale = 18, ZeroPoint = 28, NibbleMask = 29, Spread = 30;
    private const Gpr Scales = Gpr.R10, Minima = Gpr.R11, SpreadIndex = Gpr.R8;

    public static byte[] Generate(PackShape shape)
    {
        Assembler code = new();
        TileFrame.Enter(code);
        code.Move(Scales, new Memory(TileFrame.Arguments, TileArguments.ScalesAt));
        code.Move(Minima, new Memory(TileFrame.Arguments, TileArguments.CorrectionsAt));
        code.Move(SpreadIndex, new Memory(TileFrame.Arguments, TileArguments.SpreadIndexAt));
        if (shape.TailInputs < PackShape.BlockInputs) code.SetMask(TailMask, (1u << shape.TailInputs) - 1);
        int round = code.Mark();
        for (int block = 0; block < shape.Blocks; block++)
        {
            if (shape.Bits == 16) LoadBfloat16(code, shape);
            else LoadCodes(code, shape, block);
            Transpose(code);
            for (int pair = 0; pair < Rows; pair++) code.Store(pair, new Memory(TileFrame.Output, (block * Rows + pair) * 64));
        }
        int inputs = shape.Blocks * PackShape.BlockInputs;
        code.Add(TileFrame.Weight, shape.BytesTo(inputs));
        code.Add(Scales, shape.ScalesTo(inputs) * sizeof(float));
        code.Add(Minima, shape.ScalesTo(inputs) * sizeof(float));
        code.Add(TileFrame.Output, shape.Blocks * Rows * 64);
        code.Decrement(TileFrame.Count);
        code.JumpIfNotZero(round);
        code.Return();
        return code.ToArray();
    }

    private static void LoadBfloat16(Assembler code, PackShape shape)
    {
        for (int row = 0; row < Rows; row++)
        {
            Memory source = new(TileFrame.Weight, row * shape.WeightStride);
            if (shape.TailInputs == PackShape.BlockInputs) code.Load(row, source);
            else code.LoadWords(row, source, TailMask);
        }
    }

    // The constants are set anew for each block: transposing needs all registers.
    private static void LoadCodes(Assembler code, PackShape shape, int block)
    {
        code.Fill(ZeroPoint, BitConverter.SingleToInt32Bits(1 << (shape.Bits - 1)));
        code.Fill(NibbleMask, 0x0F);
        code.Load(Spread, new Memory(SpreadIndex));
        int input = block * PackShape.BlockInputs;
        for (int row = 0; row < Rows; row++)
        {
            LoadHalf(code, shape, row, input, Low);
            LoadHalf(code, shape, row, input + Half, High);
            int scales = row * shape.ScaleStride + shape.ScalesTo(input / QuantizedWeight.Chunk * QuantizedWeight.Chunk) * sizeof(float);
            LoadByGroup(code, shape, Scale, new Memory(Scales, scales));
            if (shape.HasMinima)
            {
                code.Multiply(Low, Low, Scale);
                code.Multiply(High, High, Scale);
                LoadByGroup(code, shape, Scale, new Memory(Minima, scales));
                code.Subtract(Low, Low, Scale);
                code.Subtract(High, High, Scale);
            }
            else
            {
                code.Subtract(Low, Low, ZeroPoint);
                code.Subtract(High, High, ZeroPoint);
                code.Multiply(Low, Low, Scale);
                code.Multiply(High, High, Scale);
            }
            code.ToBfloat16(row, High, Low);
        }
    }

    // 16 codes as float32, from where the order of QuantizedWeight has them.
    private static void LoadHalf(Assembler code, PackShape shape, int row, int input, int target)
    {
        bool isHigh = shape.Bits == 4 && input % (2 * QuantizedWeight.Chunk) >= QuantizedWeight.Chunk;
        int at = shape.Bits == 8 ? input : input / (2 * QuantizedWeight.Chunk) * QuantizedWeight.Chunk + input % QuantizedWeight.Chunk;
        code.LoadBytesAsDwords(target, new Memory(TileFrame.Weight, row * shape.WeightStride + at));
        if (isHigh) code.ShiftRightDwords(target, target, 4);
        else if (shape.Bits == 4) code.And(target, target, NibbleMask);
        code.ToFloat(target, target);
    }

    // Groups narrower than a chunk alternate from lane to lane of four codes, alike in both halves.
    private static void LoadByGroup(Assembler code, PackShape shape, int target, Memory source)
    {
        bool isNarrow = shape.GroupSize < QuantizedWeight.Chunk && !shape.IsByRow;
        if (!isNarrow) code.Broadcast1(target, source);
        else if (shape.GroupSize == QuantizedWeight.Chunk / 2) code.Broadcast2(target, source);
        else code.Broadcast4(target, source);
        if (isNarrow) code.Permute(target, Spread, target);
    }

    // Registers 0 to 15 hold 16 × 16 dwords. Clobbers the others.
    private static void Transpose(Assembler code)
    {
        const int other = 16;
        for (int i = 0; i < Rows; i += 2)
        {
            code.UnpackLow(other + i, i, i + 1);
            code.UnpackHigh(other + i + 1, i, i + 1);
        }
        for (int i = 0; i < Rows; i += 4) // then register i + c holds column 4q + c of rows i to i + 3 in its quarter q
        {
            code.UnpackLowPairs(i, other + i, other + i + 2);
            code.UnpackHighPairs(i + 1, other + i, other + i + 2);
            code.UnpackLowPairs(i + 2, other + i + 1, other + i + 3);
            code.UnpackHighPairs(i + 3, other + i + 1, other + i + 3);
        }
        for (int c = 0; c < 4; c++) // and these four registers are a 4 × 4 of quarters
        {
            const byte even = 0x88, odd = 0xDD;
            code.ShuffleQuarters(other, c, c + 4, even);
            code.ShuffleQuarters(other + 1, c, c + 4, odd);
            code.ShuffleQuarters(other + 2, c + 8, c + 12, even);
            code.ShuffleQuarters(other + 3, c + 8, c + 12, odd);
            code.ShuffleQuarters(c, other, other + 2, even);
            code.ShuffleQuarters(c + 4, other + 1, other + 3, even);
            code.ShuffleQuarters(c + 8, other, other + 2, odd);
            code.ShuffleQuarters(c + 12, other + 1, other + 3, odd);
        }
    }
}
