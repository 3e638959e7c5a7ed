namespace Llama.Model.Kernels.Machine;

/// <summary>What a weight's values can be narrowed to when it is packed.</summary>
/// <param name="Bits">Of a code.</param>
/// <param name="Scales">How scales and minima can lie there.</param>
/// <param name="HasTable">Whether codes are places in <see cref="CodeTable"/>.</param>
internal readonly record struct PackedValues(int Bits, ScaleForm Scales, bool HasTable = false);
