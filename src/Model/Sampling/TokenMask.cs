using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Llama.Model.Guidance;

namespace Llama.Model.Sampling;

/// <summary>Bans every token that a guide, or a list of allowed tokens, does not hold. The bitset is taken a byte, that is eight logits, at a time.</summary>
internal sealed class TokenMask(int vocabSize)
{
    private const int WordBits = 64;

    private readonly ulong[] _allowed = new ulong[(vocabSize + WordBits - 1) / WordBits];

    /// <summary>Bit <c>t % 64</c> of word <c>t / 64</c> tells whether token <c>t</c> is allowed.</summary>
    public ReadOnlySpan<ulong> Words => _allowed;

    /// <summary>Takes what a guide allows now.</summary>
    /// <param name="guide">Asked on the calling thread.</param>
    /// <param name="stopTokens">No part of the text that a guide speaks of: they may come wherever it may end.</param>
    public void Take(ITokenGuide guide, IReadOnlyList<int> stopTokens)
    {
        ReadOnlySpan<ulong> allowed = guide.Allowed;
        int count = Math.Min(allowed.Length, _allowed.Length);
        allowed[..count].CopyTo(_allowed);
        _allowed.AsSpan(count).Clear(); // a model may have more rows than its tokenizer has tokens
        if (guide.MayEnd) Add(stopTokens);
    }

    /// <summary>Takes a list.</summary>
    public void Take(IReadOnlyList<int> tokens)
    {
        Array.Clear(_allowed);
        Add(tokens);
    }

    /// <summary>Sets the logits of all other tokens to −∞; call after the other edits, which may have held stop tokens back.</summary>
    /// <param name="logits">[vocab]</param>
    public void Apply(Span<float> logits)
    {
        for (int word = 0; word < _allowed.Length; word++)
            BanOthers(logits[(word * WordBits)..Math.Min((word + 1) * WordBits, logits.Length)], _allowed[word]);
    }

    private void Add(IReadOnlyList<int> tokens)
    {
        for (int i = 0; i < tokens.Count; i++) _allowed[tokens[i] / WordBits] |= 1ul << (tokens[i] % WordBits);
    }

    private static void BanOthers(Span<float> logits, ulong allowed)
    {
        if (allowed == ulong.MaxValue) return;
        if (allowed == 0)
        {
            logits.Fill(float.NegativeInfinity);
            return;
        }
        int i = 0;
        for (; i + LogitRow.Lanes <= logits.Length; i += LogitRow.Lanes) BanOthers(ref logits[i], (int)(allowed >> i) & 0xFF);
        for (; i < logits.Length; i++)
            if ((allowed >> i & 1) == 0) logits[i] = float.NegativeInfinity;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void BanOthers(ref float logits, int allowed)
    {
        Vector256<int> bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<int> chosen = Vector256.Equals(Vector256.Create(allowed) & bits, bits);
        Vector256.ConditionalSelect(chosen.AsSingle(), Vector256.LoadUnsafe(ref logits), Vector256.Create(float.NegativeInfinity)).StoreUnsafe(ref logits);
    }
}
