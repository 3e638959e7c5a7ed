using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.Tokens;

namespace Llama.Model.Guidance;

/// <summary>Keeps excluded texts out of one sequence. It never ends an output nor forces a token.</summary>
internal sealed class ExclusionGuide(TokenMasks masks, ByteState start, bool atStart) : ITokenGuide
{
    private TokenPosition _position = new(masks, start, atStart);

    public bool IsComplete => false;

    public bool MayEnd => true;

    public ReadOnlySpan<ulong> Allowed => _position.Mask;

    public bool TryForce(out int token)
    {
        token = -1;
        return false;
    }

    public void Accept(int token) => _position.Advance(token);
}
