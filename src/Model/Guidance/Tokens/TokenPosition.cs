using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.Tokens;

/// <summary>A sequence's place in an automaton of bytes, moved by tokens.</summary>
internal struct TokenPosition(TokenMasks masks, ByteState start, bool atStart)
{
    public ByteState State { get; private set; } = start;

    /// <summary>Whether nothing has been printed yet and a first piece's dummy space would be dropped.</summary>
    public bool AtStart { get; private set; } = atStart;

    public readonly ulong[] Mask => AtStart ? masks.AtStart(State) : masks.Inside(State);

    public void Advance(int token)
    {
        TokenTexts texts = masks.Texts;
        ReadOnlySpan<byte> bytes = AtStart ? texts.BytesAtStart(token) : texts.Bytes(token);
        foreach (byte value in bytes) State = State.Advance(value);
        if (AtStart) AtStart = bytes.IsEmpty && (texts.StaysAtStart || texts.Bytes(token).IsEmpty);
    }
}
