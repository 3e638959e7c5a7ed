using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Llama.Gateway.Balancing;

/// <summary>Sixty-four bits of texts in turn; the same in every process. Callers choose much of the text, hence a hash in which they cannot look for collisions cheaply.</summary>
internal sealed class KeyHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The hash of one text.</summary>
    public static ulong Of(string text) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Adds a text with its length, so that no two series of texts run together.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        _hash.AppendData(length);
        _hash.AppendData(text);
    }

    public ulong Finish()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    public void Dispose() => _hash.Dispose();
}
