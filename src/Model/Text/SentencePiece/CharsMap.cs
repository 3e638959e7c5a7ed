using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Llama.Model.Text.SentencePiece;

/// <summary>
/// A model's compiled normalisation rules: a little-endian length, a double-array trie (Darts-clone) of that many bytes from source strings to offsets, and the
/// zero-terminated replacements (normalizer.cc, <c>DecodePrecompiledCharsMap</c>).
/// </summary>
internal sealed class CharsMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    /// <exception cref="InvalidDataException">They are damaged; the message is about a file that it does not name.</exception>
    public CharsMap(byte[] blob)
    {
        Blob = blob;
        uint trieLength = blob.Length > 4 ? BinaryPrimitives.ReadUInt32LittleEndian(blob) : uint.MaxValue;
        if (trieLength > blob.Length - 4 || trieLength % 4 != 0 || trieLength == 0) throw new InvalidDataException("its precompiled_charsmap is cut short");
        _units = MemoryMarshal.Cast<byte, uint>(blob.AsSpan(4, (int)trieLength)).ToArray();
        _replacements = blob[(4 + (int)trieLength)..].ToArray();
        for (uint node = 0; node < _units.Length; node++)
        {
            if ((_units[node] & 0x80000100) == 0x100 && (node ^ Offset(_units[node])) >= _units.Length) throw new InvalidDataException("its precompiled_charsmap is damaged");
        }
    }

    /// <summary>The rules as a file holds them.</summary>
    public byte[] Blob { get; }

    /// <summary>Finds the longest rule that applies at the start of the text.</summary>
    public bool TryReplace(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement, out int consumed)
    {
        int value = FindLongest(text, out consumed);
        replacement = default;
        if (consumed == 0 || value >= _replacements.Length) return false;
        replacement = _replacements.AsSpan(value);
        int end = replacement.IndexOf((byte)0);
        if (end >= 0) replacement = replacement[..end];
        return true;
    }

    // Unit layout of Darts-clone: bit 8 has-leaf, bits 10..30 offset (bit 9 scales it by 256), bits 0..7 with bit 31 label; a leaf holds its value in 31 bits.
    private int FindLongest(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        int value = -1;
        uint node = Offset(_units[0]);
        for (int i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= _units.Length || (_units[node] & 0x800000FF) != text[i]) break;
            uint unit = _units[node];
            node ^= Offset(unit);
            if ((unit & 0x100) == 0) continue;
            value = (int)(_units[node] & 0x7FFFFFFF);
            length = i + 1;
        }
        return value;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
