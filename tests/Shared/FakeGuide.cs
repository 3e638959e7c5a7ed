using Llama.Model.Guidance;

namespace Llama.Tests.Shared;

/// <summary>A guide that lists what may stand at each place of the output; where that is one token it is forced. It is complete behind the last place.</summary>
/// <param name="vocabSize">Number of token ids.</param>
/// <param name="places">The tokens that may stand at each place.</param>
public sealed class FakeGuide(int vocabSize, IReadOnlyList<int[]> places) : ITokenGuide
{
    private readonly ulong[] _allowed = new ulong[(vocabSize + 63) / 64];
    private int _place;

    /// <summary>Places before which the output may end.</summary>
    public IReadOnlyList<int> Ends { get; init; } = [];

    /// <summary>Whether places of one token are forced.</summary>
    public bool Forces { get; init; } = true;

    /// <summary>Throw at this place, in whatever is asked; null never.</summary>
    public int? ThrowsAt { get; init; }

    /// <summary>The same guide at its first place, and one that does not throw.</summary>
    public FakeGuide Fresh() => new(vocabSize, places) { Ends = Ends, Forces = Forces };

    /// <inheritdoc />
    public bool IsComplete => Place == places.Count;

    /// <inheritdoc />
    public bool MayEnd => IsComplete || Ends.Contains(Place);

    /// <inheritdoc />
    public ReadOnlySpan<ulong> Allowed
    {
        get
        {
            Array.Clear(_allowed);
            foreach (int token in IsComplete ? [] : places[Place]) _allowed[token / 64] |= 1ul << (token % 64);
            return _allowed;
        }
    }

    private int Place => _place == ThrowsAt ? throw new InvalidOperationException("guide") : _place;

    /// <inheritdoc />
    public bool TryForce(out int token)
    {
        bool isForced = Forces && !IsComplete && !MayEnd && places[Place].Length == 1;
        token = isForced ? places[Place][0] : 0;
        return isForced;
    }

    /// <inheritdoc />
    public void Accept(int token)
    {
        if (!places[Place].Contains(token)) throw new InvalidOperationException($"Token {token} may not stand at place {Place}.");
        _place++;
    }
}
