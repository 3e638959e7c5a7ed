using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Llama.Model.Kernels.Machine;

/// <summary>Between the codes of a unit's block as it has them (<see cref="CodeUnit"/>) and lines of 64 that are a byte each: four of each of 16 outputs, the 16 lines of a chunk of 64 inputs at a time.</summary>
internal static unsafe class CodeLines
{
    private const int Lanes = UnitPacker.Outputs, LineBytes = CodeUnit.LineBytes;

    /// <summary>The codes of a chunk, of a table what it says.</summary>
    /// <param name="form">Of the unit.</param>
    /// <param name="block">In the unit.</param>
    /// <param name="chunk">Of 64 inputs in the block.</param>
    /// <param name="target">[16] lines.</param>
    /// <param name="magnitude">How many times their value: 1, or, of 4 bits, 16.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static void Read(CodeUnit form, byte* block, int chunk, byte* target, int magnitude = 1)
    {
        for (int lane = 0; lane < Lanes; lane += CodeField.AlikeLanes)
        {
            CodeField lower = form.LowerField(chunk, lane), upper = form.UpperField(chunk, lane) ?? default;
            if (magnitude > 1) lower = lower with { At = 4 };
            for (int line = 0; line < CodeField.AlikeLanes; line++, target += LineBytes)
            {
                Vector512<byte> codes = lower.Read(block, line);
                if (upper.Bits > 0) codes |= upper.Read(block, line);
                (form.HasTable ? CodeTable.Read(codes) : codes).Store(target);
            }
        }
    }

    /// <summary>Writes the codes of a block.</summary>
    /// <param name="form">Of the unit.</param>
    /// <param name="rows">Lines that are as rows have the codes (<see cref="CodeUnit.IsAsRows"/>).</param>
    /// <param name="block">In the unit.</param>
    public static void Write(CodeUnit form, byte* rows, byte* block)
    {
        byte* codes = stackalloc byte[Lanes * LineBytes];
        CodeUnit wide = form with { Bits = form.RowBits, HasTable = false };
        Vector512<byte> offset = Vector512.Create((byte)form.RowOffset);
        new Span<byte>(block, form.BlockLines * LineBytes).Clear();
        for (int chunk = 0; chunk < form.BlockInputs / QuantizedWeight.Chunk; chunk++)
        {
            Read(wide, rows, chunk, codes);
            for (int lane = 0; lane < Lanes; lane++)
            {
                Vector512<byte> line = Vector512.Load(codes + lane * LineBytes);
                line = form.HasTable ? CodeTable.PlacesOf(line) : line - offset;
                form.LowerField(chunk, lane).Write(line, block);
                form.UpperField(chunk, lane)?.Write(line, block);
            }
        }
    }
}
