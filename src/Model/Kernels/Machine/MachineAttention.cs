using Llama.Model.Kernels.Simd.Attention;

namespace Llama.Model.Kernels.Machine;

/// <summary>Has attention's code generated, for a cache in bfloat16.</summary>
internal sealed unsafe class MachineAttention
{
    private const int KindsOfTiles = 2 * AttentionCode.MaxRows;

    private readonly CodeCache<AttentionTileShape> _scores = new(ScoreTile.Generate), _mixes = new(MixTile.Generate);
    private readonly ScratchMemory _tables = new();
    private AttentionTileShape _planned;
    private AttentionCode _code;

    /// <summary>The code for one layout; good until it is asked for another.</summary>
    /// <param name="keyStride">Units from one of a key to the next.</param>
    /// <param name="layout">Of a thread's memory.</param>
    public AttentionCode CodeFor(int keyStride, in AttentionWorkspace layout)
    {
        AttentionTileShape shape = new(0, layout.Depth / 2, keyStride * sizeof(uint), 0, layout.StateFloats * sizeof(float), FetchesAhead: false);
        if (shape == _planned) return _code;
        nint* tables = (nint*)_tables.Get(2 * KindsOfTiles * sizeof(nint));
        _code = new AttentionCode { ScoreTiles = tables, MixTiles = tables + KindsOfTiles, Depth = layout.Depth, MixDim = layout.MixDim, StateFloats = layout.StateFloats };
        for (int kind = 0; kind < KindsOfTiles; kind++)
        {
            AttentionTileShape tile = shape with { Rows = kind % AttentionCode.MaxRows + 1, FetchesAhead = kind >= AttentionCode.MaxRows };
            _code.ScoreTiles[kind] = _scores[tile with { LeftStride = layout.Depth * sizeof(ushort), OutputStride = AttentionPlan.Span * sizeof(float) }];
            _code.MixTiles[kind] = _mixes[tile with { Units = 0, RightStride = 0, LeftStride = AttentionPlan.Span * sizeof(ushort) }];
        }
        _planned = shape;
        return _code;
    }
}
