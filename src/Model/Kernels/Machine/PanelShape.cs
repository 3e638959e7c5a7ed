namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile by packed units has as constants in its code.</summary>
/// <param name="Rows">Input rows, as many as there are registers for.</param>
/// <param name="Vectors">Units of 16 outputs.</param>
/// <param name="Inputs">Elements of a stretch of a unit, a multiple of 32.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="UnitStride">Bytes from one unit to the next.</param>
/// <param name="Fetch">What each tile fetches meanwhile.</param>
/// <param name="Add">Whether the sums begin with what the outputs hold rather than with 0.</param>
internal readonly record struct PanelShape(int Rows, int Vectors, int Inputs, int InputStride, int UnitStride, PanelFetch Fetch, bool Add)
{
    /// <summary>Bytes of a unit's stretch of so many inputs.</summary>
    public static int BytesOf(int inputs) => inputs * UnitPacker.BytesPerInput;

    /// <summary>How far ahead of its own reading a tile fetches.</summary>
    public int Distance => Vectors == 1 ? Fetch.Distance : Math.Min(Fetch.Distance, BytesOf(Inputs)); // one unit lies behind the other

    /// <summary>How many of the inputs are the last, whose lines fetch what lies behind them: where units are read side by side, that is in the next tile's, at <see cref="LastDistance"/>.</summary>
    /// <param name="multiple">What it is a multiple of.</param>
    public int LastInputs(int multiple) => Vectors == 1 ? 0 : Distance / BytesOf(multiple) * multiple;

    /// <summary>How far ahead the last ones fetch.</summary>
    public int LastDistance => Distance - BytesOf(Inputs) + Vectors * UnitStride;

    /// <summary>How far <see cref="TileArguments.Ahead"/> goes on over so many inputs.</summary>
    public int AheadOver(int inputs) => Fetch.LineParts > 0 ? BytesOf(inputs) / Fetch.LineParts : inputs * Fetch.RowBits / 8;

    /// <summary>How far it goes on from the end of a tile to the start of the next one.</summary>
    public int AheadToNext => Fetch.Rows * Fetch.RowStride + (Fetch.LineParts > 0 ? Vectors * UnitStride : 0) - AheadOver(Inputs);
}
