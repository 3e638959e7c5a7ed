namespace Llama.Model.Kernels.Machine;

/// <summary>The tiles that products by units in bfloat16 are made of, and how rows and units are cut for them. Figures were measured (tests/Bench/NOTES.md, "Packed weights").</summary>
/// <param name="Generate">Their code.</param>
/// <param name="MostRows">Rows of the longest tile: so many meet the weights as they come from memory.</param>
/// <param name="StripRows">Rows of a tile where there are more.</param>
/// <param name="StretchInputs">Inputs of a stretch of the weights, which the second cache holds for all strips.</param>
/// <param name="Cut">Cuts rows into strips of at most so many.</param>
/// <param name="UnitsFor">How many units a tile of so many rows has side by side, and how many bytes ahead of itself it fetches each.</param>
internal sealed record PanelTiles(Func<PanelShape, byte[]> Generate, int MostRows, int StripRows, int StretchInputs, Func<int, int, Strips> Cut, Func<int, (int Units, int Distance)> UnitsFor)
{
    /// <summary>Units of a strip's tile.</summary>
    public const int StripUnits = 2;

    /// <summary>Of vector registers. The fewer rows, the more units at once, so that each load of inputs serves several.</summary>
    public static PanelTiles OfVectors { get; } = new(PanelTile.Generate, PanelTile.MaxSums, PanelTile.MaxSums / StripUnits, InputChunk.MostInputs, Strips.Of, rows => rows switch { <= 6 => (4, 2048), <= 12 => (2, 4096), _ => (1, 16384) });

    /// <summary>Of tile registers.</summary>
    public static PanelTiles OfAmx { get; } = new(AmxPanelTile.Generate, AmxPanelTile.MaxRows, AmxPanelTile.MaxRows, 2 * InputChunk.MostInputs, Strips.Full, rows => (AmxPanelTile.MaxVectors(rows), 4096));

    /// <summary>Whether they are of tile registers.</summary>
    public bool IsOnTiles => this == OfAmx;

    /// <summary>Of tile registers, or of vector ones.</summary>
    public static PanelTiles Of(bool hasTileRegisters) => hasTileRegisters ? OfAmx : OfVectors;
}
