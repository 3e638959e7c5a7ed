namespace Llama.Model.Kernels;

/// <summary>One of several products with the same input: output = input · weightᵀ.</summary>
/// <param name="Weight">[outputs, inputs]</param>
/// <param name="Output">[tokens, outputs] float32</param>
internal readonly record struct Projection(Weight Weight, Matrix Output);
