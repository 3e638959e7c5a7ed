namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>One thread's intermediate results, in floats from the start of its memory; every part is a whole number of cache lines.</summary>
internal readonly struct AttentionWorkspace
{
    /// <summary>Query rows whose scores are kept at a time.</summary>
    public const int BlockRows = 16;

    private const int Line = 16;

    /// <summary>For a model's heads and tiles of at most so many rows.</summary>
    /// <param name="depth">Elements of a key, filling included.</param>
    /// <param name="mixDim">Elements of a value, filling included.</param>
    public AttentionWorkspace(int depth, int mixDim, int maxRows, int lanes)
    {
        (Depth, MixDim, StateFloats) = (depth, mixDim, 2 * lanes + mixDim);
        int end = 0;
        Queries = Take(ref end, maxRows * depth);
        Scores = Take(ref end, BlockRows * AttentionPlan.Span);
        Part = Take(ref end, BlockRows * StateFloats);
        States = Take(ref end, maxRows * StateFloats);
        Panel = Take(ref end, AttentionPlan.Span * mixDim / 2);
        Span = Take(ref end, 0);
        int span = 0;
        KeyAddresses = Take(ref span, AttentionPlan.Span * 2);
        ValueAddresses = Take(ref span, AttentionPlan.Span * 2);
        KeyScales = Take(ref span, AttentionPlan.Span);
        ValueScales = Take(ref span, AttentionPlan.Span);
        KeyCopies = Take(ref span, AttentionPlan.Span * depth);
        ValueCopies = Take(ref span, AttentionPlan.Span * mixDim);
        SpanFloats = span;
        Floats = end + 2 * span;
    }

    public int Depth { get; }

    public int MixDim { get; }

    /// <summary>Floats of a row's state, see <see cref="SimdSoftmax{TLanes}"/>.</summary>
    public int StateFloats { get; }

    /// <summary>[rows, depth] scaled, filled up with zeros.</summary>
    public int Queries { get; }

    /// <summary>[block rows, span]</summary>
    public int Scores { get; }

    /// <summary>[block rows, state] of one span.</summary>
    public int Part { get; }

    /// <summary>[rows, state] of all spans so far.</summary>
    public int States { get; }

    /// <summary>The span's values in bfloat16, where they are multiplied from a panel.</summary>
    public int Panel { get; }

    /// <summary>What is known of this span, and after it, <see cref="SpanFloats"/> on, of the next; the following count from there.</summary>
    public int Span { get; }

    public int SpanFloats { get; }

    /// <summary>See <see cref="SpanRows"/>; so the next three.</summary>
    public int KeyAddresses { get; }

    public int ValueAddresses { get; }

    public int KeyScales { get; }

    public int ValueScales { get; }

    /// <summary>Units of keys and of values that cannot be read where they lie.</summary>
    public int KeyCopies { get; }

    public int ValueCopies { get; }

    /// <summary>Of all.</summary>
    public int Floats { get; }

    private static int Take(ref int end, int floats)
    {
        int start = end;
        end += (floats + Line - 1) / Line * Line;
        return start;
    }
}
