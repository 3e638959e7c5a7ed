using Llama.Model.Cuda;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>Products by plain loops, as a kernel of the emulator's own, so that they are enqueued, recorded and checked as all others are.</summary>
internal sealed class EmulatedProducts(EmulatedCompiler compiler, CudaStream stream) : ICudaProducts
{
    private readonly Dictionary<(ScalarType, ScalarType), CudaKernel> _kernels = [];

    public void Multiply(nint input, nint weight, nint output, int rows, int outputs, int inputs, int outputStride, ScalarType dtype, ScalarType outputDtype, float beta)
    {
        if (!_kernels.TryGetValue((dtype, outputDtype), out CudaKernel? kernel)) _kernels.Add((dtype, outputDtype), kernel = Load(dtype, outputDtype));
        kernel.Launch(new LaunchShape(rows, 1, 1, 1), input, weight, output, outputs, inputs, outputStride, beta);
    }

    public void Dispose() { }

    private CudaKernel Load(ScalarType dtype, ScalarType outputDtype)
    {
        const string source = """
            #include "overlap.cuh"
            extern "C" __global__ void multiply(const IN* input, const IN* weight, OUT* output, int outputs, int inputs, int stride, float beta)
            {
                begin_kernel(); // that cuBLAS is launched as one that does not overlap comes to the same
                input += (long long)blockIdx.x * inputs;
                output += (long long)blockIdx.x * stride;
                for (int i = 0; i < outputs; i++)
                {
                    float sum = 0;
                    for (int k = 0; k < inputs; k++) sum += to_float(input[k]) * to_float(weight[(long long)i * inputs + k]);
                    output[i] = from_float<OUT>(beta == 0 ? sum : sum + beta * to_float(output[i]));
                }
            }
            """;
        return stream.Load(compiler.Compile("products.cu", source, [$"IN={Type(dtype)}", $"OUT={Type(outputDtype)}"])).Kernel("multiply");
    }

    private static string Type(ScalarType dtype) => dtype switch
    {
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float32 => "float",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "products are of bfloat16 or float32"),
    };
}
