using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>The input of products with few rows.</summary>
/// <param name="Values">[rows, inputs] bfloat16, or float32 where there is a norm.</param>
/// <param name="Norm">Weights of the RMSNorm that the values go through first, [1, inputs] float32; null where they are taken as they are.</param>
/// <param name="Epsilon">Keeps a row of zeros from being divided by 0.</param>
internal readonly record struct CudaFewRowsInput(Matrix Values, Matrix? Norm = null, float Epsilon = 0);
