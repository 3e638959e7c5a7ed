using System.Diagnostics;

namespace Llama.Model.Kernels.Machine;

/// <summary>Generates the loading of 64 codes, a byte each, from where a block of a <see cref="CodeUnit"/> has their bits.</summary>
internal static class LineCodes
{
    /// <summary>Fills the registers that loading reads. Units with one scale for the whole row leave the second to the caller.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="form">Of the unit.</param>
    /// <param name="lowerMask">Receives the mask of a code's lower bits.</param>
    /// <param name="constant">Receives the table, sixteenths (<see cref="GroupScales"/>), or the mask of a code.</param>
    /// <param name="other">Clobbered.</param>
    public static void FillConstants(Assembler code, CodeUnit form, int lowerMask, int constant, int other)
    {
        Debug.Assert(!form.IsByRow || form.IsAsRows, "nothing else fits whole rows");
        code.Fill(lowerMask, form.Bits < 4 ? 0x03030303 : 0x0F0F0F0F);
        if (form.HasTable) code.Fill(constant, CodeTable.Values, other);
        else if (form.PartsNibbles) code.Fill(constant, GroupScales.Sixteenth);
        else if (!form.IsByRow) code.Fill(constant, 0x01010101 * ((1 << form.Bits) - 1));
    }

    /// <summary>Loads them, high nibbles where they are if the form multiplies them there.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="form">Of the unit.</param>
    /// <param name="chunk">Of 64 inputs in the block.</param>
    /// <param name="lane">Of 16 in the chunk.</param>
    /// <param name="block">In the unit.</param>
    /// <param name="ahead">How far ahead of it lines are fetched, each with the first of its bits; 0 for not.</param>
    /// <param name="codes">The register.</param>
    /// <param name="other">Clobbered.</param>
    /// <param name="lowerMask">As filled.</param>
    /// <param name="constant">As filled.</param>
    public static void Load(Assembler code, CodeUnit form, int chunk, int lane, Memory block, int ahead, int codes, int other, int lowerMask, int constant)
    {
        CodeField lower = form.LowerField(chunk, lane);
        Memory place = Fetch(code, lower, block, ahead);
        if (form.UpperField(chunk, lane) is { } upper)
        {
            Memory upperPlace = Fetch(code, upper, block, ahead);
            Load(code, codes, lower, place);
            Load(code, other, upper, upperPlace);
            code.Select(codes, lowerMask, other);
            code.And(codes, codes, constant);
        }
        else if (form.Bits == 8) code.Load(codes, place);
        else if (lower.Bit == 0) code.And(codes, lowerMask, place);
        else if (form.PartsNibbles) code.AndNot(codes, lowerMask, place);
        else
        {
            Load(code, codes, lower, place);
            code.And(codes, codes, lowerMask);
        }
        if (form.HasTable) code.ShuffleBytes(codes, constant, codes);
    }

    private static Memory Fetch(Assembler code, CodeField field, Memory block, int ahead)
    {
        Memory place = block with { Displacement = block.Displacement + field.Line * CodeUnit.LineBytes };
        if (ahead > 0 && field.Bit == 0) code.Prefetch(place with { Displacement = place.Displacement + ahead }, intoFirst: true);
        return place;
    }

    // Bits of whichever codes share the line and what crosses from byte to byte stay in it.
    private static void Load(Assembler code, int target, CodeField field, Memory place)
    {
        code.Load(target, place);
        if (field.Bit > field.At) code.ShiftRightWords(target, target, field.Bit - field.At);
        else if (field.Bit < field.At) code.ShiftLeftWords(target, target, field.At - field.Bit);
    }
}
