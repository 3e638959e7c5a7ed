using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llama.Model.Kernels.Machine;

/// <summary>Brings the codes of a unit to bfloat16, as <see cref="UnitPacker"/> does with those of rows: [pairs of inputs][16 outputs][2], the inputs in their own order.</summary>
internal static unsafe class CodePanels
{
    private const int Chunk = QuantizedWeight.Chunk, Lanes = UnitPacker.Outputs, LineBytes = CodeUnit.LineBytes, Quad = 4;

    /// <summary>Widens whole blocks.</summary>
    /// <param name="form">Of the unit, whose scales are multiples of steps.</param>
    /// <param name="block">The first.</param>
    /// <param name="inputs">Of all.</param>
    /// <param name="target">[inputs / 2] lines.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static void Widen(CodeUnit form, byte* block, int inputs, byte* target)
    {
        byte* codes = stackalloc byte[Lanes * LineBytes];
        int narrow = Math.Max(1, Chunk / form.GroupSize); // groups of a chunk, which alternate from lane to lane
        for (int done = 0; done < inputs; done += form.BlockInputs, block += form.BlockBytes)
            for (int chunk = 0; chunk < form.BlockInputs / Chunk; chunk++, target += Chunk * UnitPacker.BytesPerInput)
            {
                CodeLines.Read(form, block, chunk, codes);
                for (int part = 0; part < narrow; part++)
                {
                    int group = form.GroupOf(chunk, part);
                    Vector512<float> scales = Scales(block + form.ScalesInBlock(group), block + form.StepsInBlock);
                    Vector512<float> minima = form.HasMinima ? Scales(block + form.ScalesInBlock(group) + form.ScaleBytes, block + form.StepsInBlock + LineBytes) : default;
                    byte* to = target + part * (Chunk / narrow) * UnitPacker.BytesPerInput;
                    for (int lane = part; lane < Lanes; lane += narrow, to += Quad * UnitPacker.BytesPerInput) Line(form, Vector512.Load((uint*)codes + lane * Lanes), scales, minima, to);
                }
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(CodeUnit form, Vector512<uint> codes, Vector512<float> scales, Vector512<float> minima, byte* target)
    {
        (Values(form, codes, 0, scales, minima) >>> 16 | Values(form, codes, 8, scales, minima) & Vector512.Create(0xFFFF0000)).Store((uint*)target);
        (Values(form, codes, 16, scales, minima) >>> 16 | Values(form, codes, 24, scales, minima) & Vector512.Create(0xFFFF0000)).Store((uint*)(target + LineBytes));
    }

    // Rounded to bfloat16, to nearest even, in the upper halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Values(CodeUnit form, Vector512<uint> codes, int bit, Vector512<float> scales, Vector512<float> minima)
    {
        Vector512<int> code = (codes >>> bit & Vector512.Create(0xFFu)).AsInt32();
        Vector512<float> values = form.HasMinima
            ? Vector512.ConvertToSingle(code) * scales - minima
            : Vector512.ConvertToSingle(code - Vector512.Create(form.ZeroPoint)) * scales;
        Vector512<uint> bits = values.AsUInt32();
        return bits + (bits >>> 16 & Vector512<uint>.One) + Vector512.Create(0x7FFFu);
    }

    private static Vector512<float> Scales(byte* multiples, byte* steps) => Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)multiples))) * Vector512.Load((float*)steps);
}
