using System.Diagnostics;
using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.Tokens;

namespace Llama.Model.Guidance;

/// <summary>Holds one sequence to a grammar.</summary>
internal sealed class GrammarGuide(TokenMasks masks, ForcedTokens forced, ByteState start, bool atStart) : ITokenGuide
{
    private TokenPosition _position = new(masks, start, atStart);
    private ulong[]? _single; // a mask of one token, made when first needed
    private int _inSingle;

    public bool IsComplete => MayEnd && _position.State.IsFinal;

    public bool MayEnd => _position.State.IsAccepting;

    /// <summary>Where a token is forced it alone is allowed, so that the text does not depend on whether the caller asks <see cref="TryForce"/>.</summary>
    public ReadOnlySpan<ulong> Allowed => TryForce(out int token) ? Single(token) : _position.Mask;

    public bool TryForce(out int token)
    {
        token = forced.Of(_position.State, _position.AtStart);
        return token != ForcedTokens.None;
    }

    public void Accept(int token)
    {
        Debug.Assert((Allowed[token >> 6] >> token & 1) != 0, "The token was not allowed.");
        _position.Advance(token);
    }

    private ulong[] Single(int token)
    {
        _single ??= new ulong[masks.Words];
        _single[_inSingle >> 6] = 0;
        _single[token >> 6] = 1UL << token;
        _inSingle = token;
        return _single;
    }
}
