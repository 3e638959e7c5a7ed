using System.Runtime.InteropServices;

namespace Llama.Model.Kernels;

/// <summary>Between codes in the order of their inputs, one to a byte, and the chunks in which a <see cref="QuantizedWeight"/> holds them. Works on one row at a time.</summary>
internal static class CodeOrder
{
    private const int Chunk = QuantizedWeight.Chunk, Lanes = Chunk / sizeof(int);

    // Four neighbouring codes stay together, so all moves are of whole lanes. By lane: the natural place of what it holds.
    private static readonly byte[] Quarters = Places(16), Halves = Places(32), Natural = Places(64);

    /// <summary>Packs a row and pads its last chunk with the zero point.</summary>
    /// <param name="codes">[inputs], each below 2^<paramref name="bits"/>.</param>
    /// <param name="bits">8 or 4.</param>
    /// <param name="groupSize">Inputs that share a scale.</param>
    /// <param name="packed">[<see cref="QuantizedWeight.RowBytes"/>]</param>
    public static void Pack(ReadOnlySpan<byte> codes, int bits, int groupSize, Span<byte> packed)
    {
        byte[] places = PlacesOf(groupSize);
        int chunkCodes = Chunk * 8 / bits, whole = codes.Length / chunkCodes;
        for (int chunk = 0; chunk < whole; chunk++) PackChunk(codes.Slice(chunk * chunkCodes, chunkCodes), places, packed.Slice(chunk * Chunk, Chunk));
        if (whole * chunkCodes == codes.Length) return;
        Span<byte> last = stackalloc byte[chunkCodes];
        last.Fill((byte)(1 << (bits - 1)));
        codes[(whole * chunkCodes)..].CopyTo(last);
        PackChunk(last, places, packed.Slice(whole * Chunk, Chunk));
    }

    /// <summary>The codes of a packed row, without the padding.</summary>
    /// <param name="packed">[<see cref="QuantizedWeight.RowBytes"/>]</param>
    /// <param name="bits">8 or 4.</param>
    /// <param name="groupSize">Inputs that share a scale.</param>
    /// <param name="codes">[inputs]</param>
    public static void Unpack(ReadOnlySpan<byte> packed, int bits, int groupSize, Span<byte> codes)
    {
        byte[] places = PlacesOf(groupSize);
        int chunkCodes = Chunk * 8 / bits, whole = codes.Length / chunkCodes;
        for (int chunk = 0; chunk < whole; chunk++) UnpackChunk(packed.Slice(chunk * Chunk, Chunk), places, codes.Slice(chunk * chunkCodes, chunkCodes));
        if (whole * chunkCodes == codes.Length) return;
        Span<byte> last = stackalloc byte[chunkCodes];
        UnpackChunk(packed.Slice(whole * Chunk, Chunk), places, last);
        last[..(codes.Length - whole * chunkCodes)].CopyTo(codes[(whole * chunkCodes)..]);
    }

    private static void PackChunk(ReadOnlySpan<byte> codes, byte[] places, Span<byte> packed)
    {
        ReadOnlySpan<uint> from = MemoryMarshal.Cast<byte, uint>(codes);
        Span<uint> to = MemoryMarshal.Cast<byte, uint>(packed);
        bool nibbles = codes.Length > Chunk;
        for (int lane = 0; lane < Lanes; lane++)
            to[lane] = nibbles ? from[places[lane]] | from[Lanes + places[lane]] << 4 : from[places[lane]];
    }

    private static void UnpackChunk(ReadOnlySpan<byte> packed, byte[] places, Span<byte> codes)
    {
        ReadOnlySpan<uint> from = MemoryMarshal.Cast<byte, uint>(packed);
        Span<uint> to = MemoryMarshal.Cast<byte, uint>(codes);
        bool nibbles = codes.Length > Chunk;
        for (int lane = 0; lane < Lanes; lane++)
        {
            to[places[lane]] = nibbles ? from[lane] & 0x0f0f0f0f : from[lane];
            if (nibbles) to[Lanes + places[lane]] = from[lane] >> 4 & 0x0f0f0f0f;
        }
    }

    /// <summary>Brings a chunk of inputs into the order of the codes that they are multiplied with.</summary>
    /// <typeparam name="T">Four of them.</typeparam>
    public static void Interleave<T>(Span<T> chunk, int groupSize) where T : unmanaged
    {
        Span<T> natural = stackalloc T[Lanes];
        chunk.CopyTo(natural);
        byte[] places = PlacesOf(groupSize);
        for (int lane = 0; lane < Lanes; lane++) chunk[lane] = natural[places[lane]];
    }

    // By lane of a chunk: the natural place of the four neighbours that it holds.
    private static byte[] PlacesOf(int groupSize) => groupSize switch { 16 => Quarters, 32 => Halves, _ => Natural };

    private static byte[] Places(int groupSize)
    {
        int groups = Chunk / groupSize, groupLanes = groupSize / sizeof(int);
        return [.. Enumerable.Range(0, Lanes).Select(lane => (byte)(lane / groups + lane % groups * groupLanes))];
    }
}
