using System.Runtime.CompilerServices;
using System.Text;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Reads a GGUF header from mapped memory and never beyond its end, whatever lengths the file claims.</summary>
internal sealed unsafe class GgufCursor(byte* data, long length, string source)
{
    public long Position { get; set; }

    public long Remaining => length - Position;

    /// <summary>A number; the format is little-endian, as are the machines this runs on.</summary>
    public T Read<T>() where T : unmanaged => Unsafe.ReadUnaligned<T>(data + Advance((ulong)sizeof(T), "a number"));

    /// <summary>A length and as many bytes of UTF-8.</summary>
    public string Text()
    {
        ulong bytes = Read<ulong>();
        return Encoding.UTF8.GetString(data + Advance(bytes, "a text"), checked((int)bytes));
    }

    public void SkipText() => Advance(Read<ulong>(), "a text");

    /// <summary>How many things are to come, which are never more than their least size lets into the rest of the file.</summary>
    public long Count(string things, int leastBytes)
    {
        ulong count = Read<ulong>();
        if (count <= (ulong)(Remaining / leastBytes)) return (long)count;
        throw new CheckpointException(source, $"claims {count} {things}, but only {Remaining} bytes are left for them: it is cut short or damaged; download it again");
    }

    private long Advance(ulong bytes, string what)
    {
        if (bytes > (ulong)Remaining || bytes > int.MaxValue)
            throw new CheckpointException(source, $"ends at byte {length} inside its header: {what} of {bytes} bytes begins at {Position}; it is cut short or damaged; download it again");
        long at = Position;
        Position += (long)bytes;
        return at;
    }
}
