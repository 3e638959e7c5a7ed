using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Llama.Model.Kernels.Simd;
using Llama.Model.Kernels.Simd.Attention;

namespace Llama.Model.Kernels.Machine;

/// <summary>Attention's products by generated code, for a cache in bfloat16: as data, so that a loop's job can hold it.</summary>
internal unsafe struct AttentionCode
{
    public const int MaxRows = 8;

    /// <summary>[2 · <see cref="MaxRows"/>] addresses of the code for 1 row, for 2 and so on, then of the code that fetches ahead; null where there is none.</summary>
    public nint* ScoreTiles, MixTiles;

    /// <summary>[<see cref="AmxAttentionTile.MaxRows"/>] addresses of the code that sets tile registers up for 1 row, for 2 and so on; null where vector registers are used.</summary>
    public nint* Configurations;

    /// <summary>Code on tile registers, whatever the rows; scores that fetch ahead, and that do not.</summary>
    public nint FetchingScores, Scores, Mixes, Release;

    /// <summary>Elements from one row of queries to the next.</summary>
    public int Depth;

    /// <summary>Of a mix.</summary>
    public int MixDim, StateFloats;

    /// <summary>Whether there is code.</summary>
    public readonly bool Exists => ScoreTiles != null;

    /// <summary>Whether it uses tile registers. A thread then asks for their rows before, gives them up in the end, and has panels of values.</summary>
    public readonly bool IsOnTiles => Configurations != null;

    /// <summary>Sets the calling thread's tile registers up for so many rows.</summary>
    /// <param name="there">For how many they are set up; 0 for none.</param>
    public readonly void SetRows(int rows, ref int there)
    {
        if (!IsOnTiles || rows == there) return;
        TileRegisters.Prepare();
        AttentionArguments.Call(rows == 0 ? Release : Configurations[rows - 1], null);
        there = rows;
    }

    /// <summary>Computes the scores of the span's first positions.</summary>
    /// <param name="queries">[rows, depth]</param>
    /// <param name="ahead">Keys that will be wanted next; their memory is asked for meanwhile.</param>
    /// <param name="scores">[rows, <see cref="AttentionPlan.Span"/>]</param>
    public readonly void Score(Bf16* queries, int rows, uint** keys, uint** ahead, int positions, float* scores)
    {
        if (positions == 0) return;
        AttentionArguments arguments = new() { Left = queries, Right = keys, Ahead = ahead, Output = scores };
        if (IsOnTiles)
        {
            arguments.Count = (positions + AmxAttentionTile.Positions - 1) / AmxAttentionTile.Positions;
            AttentionArguments.Call(keys == ahead ? Scores : FetchingScores, &arguments);
            return;
        }
        arguments.Count = (positions + ScoreTile.Positions - 1) / ScoreTile.Positions;
        for (int row = 0; row < rows; row += MaxRows)
        {
            arguments.Left = queries + (long)row * Depth;
            arguments.Output = scores + row * AttentionPlan.Span;
            AttentionArguments.Call(ScoreTiles[Index(row, rows)], &arguments);
        }
    }

    /// <summary>Computes the mixes by a panel of values, in the same order as without.</summary>
    /// <param name="weights">[rows, <see cref="AttentionPlan.Span"/>], 0 behind the last position, of which there is at least one.</param>
    /// <param name="panel">See <see cref="ValuePanel"/>.</param>
    /// <param name="mix">[rows, state]</param>
    public readonly void Mix(Bf16* weights, byte* panel, int positions, float* mix)
    {
        AttentionArguments arguments = new() { Left = weights, Right = (uint**)panel, Output = mix, Count = (positions + ValuePanel.Step - 1) / ValuePanel.Step };
        AttentionArguments.Call(Mixes, &arguments);
    }

    /// <summary>Computes the mixes, in <see cref="MixTile"/>'s order.</summary>
    /// <param name="weights">[rows, <see cref="AttentionPlan.Span"/>], 0 behind the last position.</param>
    /// <param name="values">[positions], and one more that may be read where their number is odd.</param>
    /// <param name="ahead">Values that will be wanted next.</param>
    /// <param name="mix">[rows, state]</param>
    public readonly void Mix(Bf16* weights, int rows, uint** values, uint** ahead, int positions, float* mix)
    {
        AttentionArguments arguments = new() { Right = values, Ahead = ahead, Count = MixDim / MixTile.Elements, Steps = (positions + 1) / 2 };
        for (int row = 0; row < rows; row += MaxRows)
        {
            arguments.Left = weights + row * AttentionPlan.Span;
            arguments.Output = mix + (long)row * StateFloats;
            if (arguments.Steps > 0) AttentionArguments.Call(MixTiles[Index(row, rows)], &arguments);
            else for (int r = row; r < Math.Min(rows, row + MaxRows); r++) new Span<float>(mix + (long)r * StateFloats, MixDim).Clear();
        }
    }

    /// <summary>output = mix / sum, in the order of the value's elements.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static void Finish(float* mix, float sum, float* output, int headDim)
    {
        const int quarter = MixTile.QuarterElements, vector = MixTile.Elements / 2;
        Vector128<float> inverse = Vector128.Create(1 / sum);
        for (int d = 0; d < headDim; d += quarter)
        {
            int half = d / quarter % 2, place = d / MixTile.Elements * MixTile.Elements + half * vector + d % MixTile.Elements / (2 * quarter) * quarter;
            Vector128<float> values = Vector128.Load(mix + place) * inverse;
            if (d + quarter <= headDim) values.Store(output + d);
            else for (int i = d; i < headDim; i++) output[i] = values[i - d];
        }
    }

    // The first rows fetch for all.
    private static int Index(int row, int rows) => Math.Min(MaxRows, rows - row) - 1 + (row == 0 ? MaxRows : 0);
}
