using System.Diagnostics.CodeAnalysis;

namespace Llama.Model.Text.Bpe;

/// <summary>Compares spellings by their UTF-8, and lets a dictionary be asked with a span of the text at hand.</summary>
internal sealed class PieceComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly PieceComparer Instance = new();

    private PieceComparer() { }

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public int GetHashCode([DisallowNull] byte[] piece) => GetHashCode(piece.AsSpan());

    // FNV-1a: the keys are a fixed vocabulary of short pieces, so speed counts and flooding does not.
    public int GetHashCode(ReadOnlySpan<byte> piece)
    {
        uint hash = 2166136261;
        foreach (byte b in piece) hash = (hash ^ b) * 16777619;
        return (int)hash;
    }
}
