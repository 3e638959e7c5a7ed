namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>One thread's intermediate results, in floats from the start of its memory; every part is a whole number of cache lines.</summary>
internal readonly struct AttentionWorkspace
{
    private const int Line = 16;

    /// <summary>Query rows whose scores are kept at a time.</summary>
    public const int BlockRows = 16;

    /// <summary>For a model's heads and tiles of at most so many rows.</summary>
    public AttentionWorkspace(int headDim, int maxRows, int lanes)
    {
        PaddedDim = (headDim + lanes - 1) / lanes * lanes;
        StateFloats = 2 * lanes + PaddedDim;
        Queries = 0;
        Keys = Queries + Lines(maxRows * headDim);
        Values = Keys + Lines(headDim * AttentionPlan.Span);
        Scores = Values + Lines(AttentionPlan.Span * PaddedDim);
        Part = Scores + Lines(BlockRows * AttentionPlan.Span);
        States = Part + Lines(BlockRows * StateFloats);
        Units = States + Lines(maxRows * StateFloats);
        Slots = Units + Lines(5 * lanes);
        Floats = Slots + Lines(2 * AttentionPlan.Span);
    }

    /// <summary>headDim up to a whole number of registers.</summary>
    public int PaddedDim { get; }

    /// <summary>Floats of a row's state, see <see cref="SimdSoftmax{TLanes}"/>.</summary>
    public int StateFloats { get; }

    /// <summary>[rows, headDim] scaled.</summary>
    public int Queries { get; }

    /// <summary>[headDim, span]</summary>
    public int Keys { get; }

    /// <summary>[span, headDim padded]</summary>
    public int Values { get; }

    /// <summary>[block rows, span]</summary>
    public int Scores { get; }

    /// <summary>[block rows, state] of one span.</summary>
    public int Part { get; }

    /// <summary>[rows, state] of all spans so far.</summary>
    public int States { get; }

    /// <summary>[5, lanes] what the transposition of keys needs.</summary>
    public int Units { get; }

    /// <summary>[span] of 64 bits.</summary>
    public int Slots { get; }

    /// <summary>Of all.</summary>
    public int Floats { get; }

    private static int Lines(int floats) => (floats + Line - 1) / Line * Line;
}
