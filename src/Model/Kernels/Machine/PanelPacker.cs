namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates the packing of 16 weight rows in bfloat16 into a panel: blocks of 16 rows × 16 pairs of inputs are transposed in registers, as four interleavings of which the first two work
/// within quarters of registers and the last two on whole quarters. Arguments: the rows as weight, the panel as output, blocks as count.
/// </summary>
internal static class PanelPacker
{
    /// <summary>Inputs of a block.</summary>
    public const int BlockInputs = 32;

    private const int Rows = 16, TailMask = 1;

    /// <param name="weightStride">Bytes from one weight row to the next.</param>
    /// <param name="vectors">Registers of outputs in the panel: bytes from one pair to the next are 64 times as many.</param>
    /// <param name="inputs">How many of a block's inputs there are, the others become zeros; 32 for all but the last block.</param>
    public static byte[] Generate(int weightStride, int vectors, int inputs)
    {
        Assembler code = new();
        TileFrame.Enter(code);
        if (inputs < BlockInputs) code.SetMask(TailMask, (1u << inputs) - 1);
        int block = code.Mark();
        for (int row = 0; row < Rows; row++)
        {
            Memory source = new(TileFrame.Weight, row * weightStride);
            if (inputs == BlockInputs) code.Load(row, source);
            else code.LoadWords(row, source, TailMask);
        }
        Transpose(code);
        for (int pair = 0; pair < Rows; pair++) code.Store(pair, new Memory(TileFrame.Output, pair * vectors * 64));
        code.Add(TileFrame.Weight, BlockInputs * sizeof(ushort));
        code.Add(TileFrame.Output, Rows * vectors * 64);
        code.Decrement(TileFrame.Count);
        code.JumpIfNotZero(block);
        code.Return();
        return code.ToArray();
    }

    /// <summary>Transposes the 16 × 16 dwords of registers 0 to 15. Clobbers the others.</summary>
    public static void Transpose(Assembler code)
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
