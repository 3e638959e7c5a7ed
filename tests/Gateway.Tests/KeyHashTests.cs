using System.Text;
using CsCheck;
using Llama.Gateway.Balancing;

namespace Llama.Gateway.Tests;

public sealed class KeyHashTests
{
    /// <summary>Several gateways before the same replicas place by these numbers, and so does the next version beside this one.</summary>
    [Fact]
    public void Hash_OfTexts_IsTheSameInEveryProcess()
    {
        Assert.Equal(0x2eb0bbed557b2eb5UL, KeyHash.Of("http://127.0.0.1:9001"));
        Assert.Equal(0xcaefb33b0f38fc53UL, Of("model"u8, ""u8, "first message"u8));
    }

    [Fact]
    public void Hash_OfOneTextCutElsewhere_IsAnother() => Gen.Select(Gen.String[1, 30], Gen.Int[0, 29], Gen.Int[0, 29]).Sample((text, cut, other) =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        (cut, other) = (cut % bytes.Length, other % bytes.Length);

        Assert.Equal(cut == other, Of(bytes.AsSpan(0, cut), bytes.AsSpan(cut), []) == Of(bytes.AsSpan(0, other), bytes.AsSpan(other), []));
        Assert.NotEqual(Of(bytes.AsSpan(0, cut), bytes.AsSpan(cut), []), Of([], bytes.AsSpan(0, cut), bytes.AsSpan(cut)));
    });

    private static ulong Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        using var hash = new KeyHash();
        hash.Add(first);
        hash.Add(second);
        hash.Add(third);
        return hash.Finish();
    }
}
