using Llama.Model.Kernels.Simd.Attention;

namespace Llama.Model.Kernels.Machine;

/// <summary>Has attention's code generated, for a cache in bfloat16.</summary>
/// <param name="usesTileRegisters">Whether to use them.</param>
internal sealed unsafe class MachineAttention(bool usesTileRegisters)
{
    private const int KindsOfTiles = 2 * AttentionCode.MaxRows;

    private readonly CodeCache<AttentionTileShape> _scores = new(ScoreTile.Generate), _mixes = new(MixTile.Generate);
    private readonly CodeCache<AttentionTileShape> _configurations = new(AmxAttentionTile.Configure), _releases = new(_ => AmxAttentionTile.Release());
    private readonly CodeCache<AttentionTileShape> _tileScores = new(AmxAttentionTile.Scores), _tileMixes = new(AmxAttentionTile.Mixes);
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
        _planned = shape;
        if (usesTileRegisters) PlanTiles(shape, tables);
        else PlanVectors(shape);
        return _code;
    }

    private void PlanTiles(AttentionTileShape shape, nint* configurations)
    {
        _code.Configurations = configurations;
        for (int rows = 1; rows <= AmxAttentionTile.MaxRows; rows++) configurations[rows - 1] = _configurations[shape with { Rows = rows }];
        AttentionTileShape scores = shape with { LeftStride = _code.Depth * sizeof(ushort), OutputStride = AttentionPlan.Span * sizeof(float) };
        (_code.Scores, _code.FetchingScores) = (_tileScores[scores], _tileScores[scores with { FetchesAhead = true }]);
        _code.Mixes = _tileMixes[shape with { Units = _code.MixDim / AmxAttentionTile.MaxRows, RightStride = ValuePanel.Stride, LeftStride = AttentionPlan.Span * sizeof(ushort) }];
        _code.Release = _releases[default];
    }

    private void PlanVectors(AttentionTileShape shape)
    {
        for (int kind = 0; kind < KindsOfTiles; kind++)
        {
            AttentionTileShape tile = shape with { Rows = kind % AttentionCode.MaxRows + 1, FetchesAhead = kind >= AttentionCode.MaxRows };
            _code.ScoreTiles[kind] = _scores[tile with { LeftStride = _code.Depth * sizeof(ushort), OutputStride = AttentionPlan.Span * sizeof(float) }];
            _code.MixTiles[kind] = _mixes[tile with { Units = 0, RightStride = 0, LeftStride = AttentionPlan.Span * sizeof(ushort) }];
        }
    }
}
