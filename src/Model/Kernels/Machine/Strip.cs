namespace Llama.Model.Kernels.Machine;

/// <summary>Rows of a tile that meet its weights together.</summary>
/// <param name="First">The first.</param>
/// <param name="Rows">How many.</param>
/// <param name="FirstAhead">The first of the next tile's weight rows that are fetched meanwhile.</param>
/// <param name="EndAhead">The end of them.</param>
internal readonly record struct Strip(int First, int Rows, int FirstAhead, int EndAhead);
