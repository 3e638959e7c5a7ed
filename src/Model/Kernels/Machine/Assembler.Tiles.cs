namespace Llama.Model.Kernels.Machine;

/// <summary>Tile registers (AMX), given by number, 0 to 7: up to 16 rows of 64 bytes, as the configuration says.</summary>
internal sealed partial class Assembler
{
    /// <summary>Sets up the tile registers, and clears them: the rows of each, and the bytes of a row.</summary>
    public void ConfigureTiles(params ReadOnlySpan<(int Rows, int Bytes)> tiles)
    {
        const int length = 64, bytesAt = 16, rowsAt = 48, instructionBytes = 9;
        Span<byte> configuration = stackalloc byte[length];
        configuration.Clear();
        configuration[0] = 1; // the palette
        for (int tile = 0; tile < tiles.Length; tile++)
        {
            configuration[bytesAt + 2 * tile] = (byte)tiles[tile].Bytes;
            configuration[rowsAt + tile] = (byte)tiles[tile].Rows;
        }
        Emit(0xEB, length); // jmp over it
        Emit(configuration);
        Vex(Prefix.None, 0x49);
        Emit(0x05); // relative to the next instruction
        Emit32(-(length + instructionBytes));
    }

    /// <summary>Gives the tile registers up; a thread that holds none is switched faster.</summary>
    public void ReleaseTiles()
    {
        Vex(Prefix.None, 0x49);
        Emit(0xC0);
    }

    public void ZeroTile(int target)
    {
        Vex(Prefix.PF2, 0x49, target);
        Emit((byte)(0xC0 | target << 3));
    }

    /// <summary>Rows of 64 bytes, a register's value apart.</summary>
    public void LoadTile(int target, Memory source, Gpr stride)
    {
        Vex(Prefix.PF2, 0x4B, target, b: (int)source.Base >> 3, x: (int)stride >> 3);
        OperandWithIndex(target, source, stride);
    }

    public void StoreTile(int source, Memory target, Gpr stride)
    {
        Vex(Prefix.PF3, 0x4B, source, b: (int)target.Base >> 3, x: (int)stride >> 3);
        OperandWithIndex(source, target, stride);
    }

    /// <summary>
    /// [rows, 16] float32 += [rows, 16 pairs] · [16 pairs, 16], pairs of bfloat16 (TDPBF16PS): a chain of fused multiply-adds for the first of all pairs, one for the second, whose sum is added to the target. Subnormal numbers count as 0.
    /// </summary>
    public void TileDotBfloat16(int target, int rows, int columns) => TileDot(Prefix.PF3, 0x5C, target, rows, columns);

    /// <summary>[rows, 16] 32-bit integers += [rows, 16 quads] of signed bytes · [16 quads, 16] of unsigned ones (TDPBSUD).</summary>
    public void TileDotBytes(int target, int signedRows, int unsignedColumns) => TileDot(Prefix.PF3, 0x5E, target, signedRows, unsignedColumns);

    private void TileDot(Prefix prefix, byte opcode, int target, int rows, int columns)
    {
        Vex(prefix, opcode, target, columns);
        Emit((byte)(0xC0 | target << 3 | rows));
    }
}
