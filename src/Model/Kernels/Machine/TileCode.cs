namespace Llama.Model.Kernels.Machine;

/// <summary>Addresses of the code for as many units with packed codes at once as a shape says, and for one alone: the units that fill no tile.</summary>
internal readonly record struct TileCode(nint Tile, nint Single)
{
    public static TileCode Of(CodeCache<CodePanelShape> tiles, CodePanelShape shape) => new(tiles[shape], tiles[shape with { Vectors = 1 }]);
}
