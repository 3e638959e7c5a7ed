namespace Llama.Model.Kernels.Machine;

/// <summary>All that a tile by units of packed codes has as constants in its code.</summary>
/// <param name="Rows">Input rows.</param>
/// <param name="Vectors">Units of 16 outputs.</param>
/// <param name="Form">Of the units.</param>
/// <param name="Inputs">Elements of the stretches that are done: all, or those of one.</param>
/// <param name="InputStride">Bytes from one packed input row to the next.</param>
/// <param name="SumStride">Bytes from one input row's sums to the next's.</param>
/// <param name="Ahead">How far ahead lines are fetched, in bytes; 0 for not. On tile registers not 0 fetches what comes next, from <see cref="TileArguments.Ahead"/> on.</param>
/// <param name="Add">Whether to add to the outputs.</param>
internal readonly record struct CodePanelShape(int Rows, int Vectors, CodeUnit Form, int Inputs, int InputStride, int SumStride, int Ahead, bool Add);
