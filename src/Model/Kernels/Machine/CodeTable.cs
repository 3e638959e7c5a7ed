using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llama.Model.Kernels.Machine;

/// <summary>The 16 values that the codes of IQ4_NL and IQ4_XS stand for (ggml-common.h, <c>kvalues_iq4nl</c>), raised by 128: steps that are not equal.</summary>
internal static class CodeTable
{
    private static readonly Vector512<byte> Quarters = Vector512.Create(Vector256.Create(Values, Values), Vector256.Create(Values, Values));

    /// <summary>The values in rising order.</summary>
    public static Vector128<byte> Values => Vector128.Create((byte)1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241);

    /// <summary>What places stand for.</summary>
    public static Vector512<byte> Read(Vector512<byte> places) => Avx512BW.Shuffle(Quarters, places);

    /// <summary>The places of values; 255 of what is none.</summary>
    public static Vector512<byte> PlacesOf(Vector512<byte> values)
    {
        Vector512<byte> places = Vector512<byte>.AllBitsSet;
        for (int place = 0; place < Vector128<byte>.Count; place++)
            places = Vector512.ConditionalSelect(Vector512.Equals(values, Vector512.Create(Values[place])), Vector512.Create((byte)place), places);
        return places;
    }
}
