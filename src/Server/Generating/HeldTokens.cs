using System.Runtime.InteropServices;

namespace Llama.Server.Generating;

/// <summary>The tokens of one answer that are wanted beside its text: each leaves with the piece that completes its text.</summary>
internal sealed class HeldTokens
{
    private readonly List<DrawnToken> _held = [];
    private readonly List<DrawnToken> _released = [];

    /// <summary>Those that left since <see cref="Clear"/>.</summary>
    public ReadOnlySpan<DrawnToken> Released => CollectionsMarshal.AsSpan(_released);

    public void Clear() => _released.Clear();

    public void Add(in DrawnToken token) => _held.Add(token);

    /// <summary>Lets those leave of which all text may be shown.</summary>
    /// <param name="shown">UTF-16 units of the answer up to what may be shown.</param>
    public void Release(int shown)
    {
        int count = 0;
        while (count < _held.Count && _held[count].End <= shown)
            _released.Add(_held[count++]);
        _held.RemoveRange(0, count);
    }

    /// <summary>Lets all leave.</summary>
    /// <param name="textEnd">UTF-16 units of the answer up to where a stop text cut it off; what starts there or behind is no longer text.</param>
    public void ReleaseAll(int textEnd = int.MaxValue)
    {
        foreach (DrawnToken token in _held)
            _released.Add(token.Start >= textEnd ? token with { IsText = false } : token);
        _held.Clear();
    }
}
