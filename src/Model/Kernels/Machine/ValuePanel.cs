using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Llama.Model.Kernels.Simd.Attention;

namespace Llama.Model.Kernels.Machine;

/// <summary>The values of a span as tile registers multiply them: [16 elements by 16][pairs of positions][16][2] in bfloat16. Elements have the order of <see cref="MixTile"/>'s mixes.</summary>
internal static unsafe class ValuePanel
{
    /// <summary>Positions of an instruction; a panel is filled up to a multiple.</summary>
    public const int Step = 32;

    /// <summary>Bytes from 16 elements to the next.</summary>
    public const int Stride = AttentionPlan.Span / 2 * LineBytes;

    private const int LineBytes = 64, Elements = MixTile.Elements;

    /// <summary>Fills one.</summary>
    /// <param name="values">[positions] of which one more may be read where their number is odd.</param>
    /// <param name="ahead">Values that will be wanted next; their memory is asked for meanwhile.</param>
    /// <param name="dim">Elements of a value, a multiple of <see cref="MixTile.Elements"/>.</param>
    /// <param name="panel">[dim / 16, <see cref="Stride"/>]</param>
    [MethodImpl(Compiled.AtOnce)]
    public static void Fill(uint** values, uint** ahead, int positions, int dim, byte* panel)
    {
        int pairs = (positions + 1) / 2, filled = (positions + Step - 1) / Step * Step / 2;
        for (int pair = 0; pair < pairs; pair++, values += 2, ahead += 2, panel += LineBytes)
        {
            byte* first = (byte*)values[0], second = (byte*)values[1], next = (byte*)ahead[0], later = (byte*)ahead[1], target = panel;
            for (int element = 0; element < dim; element += Elements, target += 2 * Stride)
            {
                Vector512<ushort> one = Vector512.Load((ushort*)first + element), other = Vector512.Load((ushort*)second + element);
                Avx512BW.UnpackLow(one, other).Store((ushort*)target);
                Avx512BW.UnpackHigh(one, other).Store((ushort*)(target + Stride));
                Sse.Prefetch1((ushort*)next + element);
                Sse.Prefetch1((ushort*)later + element);
            }
        }
        for (int pair = pairs; pair < filled; pair++, panel += LineBytes)
            for (int element = 0; element < dim; element += Elements / 2) Vector512<byte>.Zero.Store(panel + element / (Elements / 2) * Stride);
    }
}
