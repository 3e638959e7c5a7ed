namespace Llama.Model.Offload;

/// <summary>Units that are loaded again and again, in the order of a step.</summary>
internal sealed class LoadRound
{
    private readonly int[] _turnOf; // by unit
    private readonly long _first;

    /// <param name="isIn">By unit: whether it is loaded at all.</param>
    /// <param name="first">The load with which the round begins.</param>
    public LoadRound(IReadOnlyList<bool> isIn, long first)
    {
        Units = [.. Enumerable.Range(0, isIn.Count).Where(unit => isIn[unit])];
        _first = first;
        _turnOf = new int[isIn.Count];
        Array.Fill(_turnOf, -1);
        for (int turn = 0; turn < Units.Length; turn++) _turnOf[Units[turn]] = turn;
    }

    /// <summary>Those of one time round.</summary>
    public int[] Units { get; }

    /// <summary>Whether a unit is loaded.</summary>
    public bool Has(int unit) => _turnOf[unit] >= 0;

    /// <summary>Which unit a load brings.</summary>
    public int UnitOf(long load) => Units[(int)((load - _first) % Units.Length)];
}
