using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Llama.Model.Kernels.Machine;

/// <summary>Where some bits of a line of 64 codes lie in a block of a <see cref="CodeUnit"/>: in the bytes of one line, at the same place in each.</summary>
/// <param name="Line">Of the block.</param>
/// <param name="Bit">The lowest, in its byte.</param>
/// <param name="Bits">How many.</param>
/// <param name="At">What they are of a code: its bits from this one on.</param>
internal readonly unsafe record struct CodeField(int Line, int Bit, int Bits, int At)
{
    /// <summary>So many lanes, from a multiple of it on, have their bits at the same place in neighbouring lines.</summary>
    public const int AlikeLanes = 8;

    private Vector512<byte> Mask => Vector512.Create((byte)((1 << Bits) - 1));

    /// <summary>What they contribute to the codes.</summary>
    /// <param name="block">Of the unit.</param>
    /// <param name="line">How many lines further.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<byte> Read(byte* block, int line) => (((Vector512.Load(block + (Line + line) * CodeUnit.LineBytes).AsUInt16() >>> Bit).AsByte() & Mask).AsUInt16() << At).AsByte();

    /// <summary>Adds them to the line, where they are still 0.</summary>
    /// <param name="codes">A byte each.</param>
    /// <param name="block">Of the unit.</param>
    public void Write(Vector512<byte> codes, byte* block)
    {
        byte* line = block + Line * CodeUnit.LineBytes;
        Vector512<byte> bits = (codes.AsUInt16() >>> At).AsByte() & Mask;
        (Vector512.Load(line) | (bits.AsUInt16() << Bit).AsByte()).Store(line);
    }
}
