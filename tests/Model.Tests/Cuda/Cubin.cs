using System.Runtime.InteropServices;
using System.Text;

namespace Llama.Model.Tests.Cuda;

/// <summary>What compiled code says of its kernels: an ELF file whose section <c>.nv.info</c> is a list of attributes.</summary>
internal static class Cubin
{
    private const int HeaderSize = 64, SymbolSize = 24, FrameSize = 0x11;

    /// <summary>Name of each kernel and the bytes of its frame: local memory, for registers that were not enough and arrays that did not fit into any.</summary>
    public static IEnumerable<(string Kernel, int Bytes)> Frames(byte[] image)
    {
        int first = (int)BitConverter.ToUInt64(image, 40), count = BitConverter.ToUInt16(image, 60), names = BitConverter.ToUInt16(image, 62);
        Section[] sections = [.. Enumerable.Range(0, count).Select(i => MemoryMarshal.Read<Section>(image.AsSpan(first + i * HeaderSize)))];
        string NameOf(ulong start, uint offset) => Encoding.ASCII.GetString(image.AsSpan((int)(start + offset))[..image.AsSpan((int)(start + offset)).IndexOf((byte)0)]);
        Section Find(string name) => sections.First(section => NameOf(sections[names].Offset, section.Name) == name);

        (Section info, Section symbols, Section strings) = (Find(".nv.info"), Find(".symtab"), Find(".strtab"));
        for (int at = (int)info.Offset, end = at + (int)info.Size; at < end;)
        {
            // Format, attribute, and of format 4 the size of what follows: here the index of a symbol and a value.
            (byte format, byte attribute, int size) = (image[at], image[at + 1], BitConverter.ToUInt16(image, at + 2));
            at += 4;
            if (format != 4) continue;
            if (attribute == FrameSize)
            {
                uint name = BitConverter.ToUInt32(image, (int)symbols.Offset + BitConverter.ToInt32(image, at) * SymbolSize);
                yield return (NameOf(strings.Offset, name), BitConverter.ToInt32(image, at + 4));
            }
            at += size;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Section
    {
        public readonly uint Name, Type;
        public readonly ulong Flags, Address, Offset, Size, Rest1, Rest2, Rest3;
    }
}
