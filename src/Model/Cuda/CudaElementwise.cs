using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>What is done to every element of an activation, as <see cref="IKernels"/> says it, by <c>elementwise.cu</c>. All launches can be captured.</summary>
internal sealed unsafe class CudaElementwise
{
    private const int Threads = 256, PairsAtOnce = 4;

    private readonly CudaKernel _embedBf16, _embedFloat, _rmsNorm, _rmsNormFloat, _siluMultiply, _takeRows;

    /// <summary>Compiles the kernels.</summary>
    /// <param name="stream">Where everything is enqueued.</param>
    /// <param name="activations">bfloat16 or float32: all activations but the residual stream, which is float32.</param>
    public CudaElementwise(CudaStream stream, ScalarType activations)
    {
        CudaModule module = stream.Load(new CudaUnit("elementwise.cu", [$"ACT={CudaAttentionForm.NameOf(activations)}"]));
        (_embedBf16, _embedFloat) = (module.Kernel("embed_bf16"), module.Kernel("embed_float"));
        (_rmsNorm, _rmsNormFloat) = (module.Kernel("rms_norm"), module.Kernel("rms_norm_float"));
        (_siluMultiply, _takeRows) = (module.Kernel("silu_multiply"), module.Kernel("take_rows"));
    }

    /// <summary>output[t] = table[tokenIds[t] − firstToken]; zeros where the table has no such row.</summary>
    /// <param name="table">[tokens of it, hidden] bfloat16 or float32</param>
    /// <param name="batch">Whose tokens.</param>
    /// <param name="output">[tokens, hidden] float32</param>
    /// <param name="firstToken">Whose row is the table's first.</param>
    public void Embed(Weight table, CudaBatch batch, Matrix output, int firstToken = 0)
    {
        Matrix values = table is DenseWeight dense ? dense.Values : throw new ArgumentException("The embedding table has codes; it must be widened when it is brought to the device.");
        (values.Dtype == ScalarType.BFloat16 ? _embedBf16 : _embedFloat).Launch(ByRow(output), values.Data, batch.TokenIds, firstToken, values.Rows, output.Data, output.Columns);
    }

    /// <summary>output = input / √(mean(input²) + epsilon) · weight, row by row.</summary>
    /// <param name="input">[rows, hidden] float32</param>
    /// <param name="weight">[1, hidden] float32</param>
    /// <param name="epsilon">Keeps a row of zeros from being divided by 0.</param>
    /// <param name="output">[rows, hidden] of the activations' type, or float32; may be the input.</param>
    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) =>
        (output.Dtype == ScalarType.Float32 ? _rmsNormFloat : _rmsNorm).Launch(ByRow(output), input.Data, weight.Data, epsilon, output.Data, output.Columns);

    /// <summary>gate = silu(gate) · up</summary>
    /// <param name="gate">[tokens, intermediate] of the activations' type</param>
    /// <param name="up">The same.</param>
    public void SiluMultiply(Matrix gate, Matrix up)
    {
        long pairs = (long)gate.Rows * gate.Columns / 2;
        _siluMultiply.Launch(new LaunchShape((int)((pairs + Threads * PairsAtOnce - 1) / (Threads * PairsAtOnce)), 1, 1, Threads), gate.Data, up.Data, pairs);
    }

    /// <summary>output[i] = input[rows[i]]</summary>
    /// <param name="input">[tokens, columns] float32</param>
    /// <param name="rows">[output rows] int32 in device memory</param>
    /// <param name="output">[rows, columns] float32</param>
    public void TakeRows(Matrix input, nint rows, Matrix output) => _takeRows.Launch(ByRow(output), input.Data, rows, 0, input.Rows, output.Data, output.Columns);

    // A block for each row. The threads depend on the width alone, and with them the order of a row's additions.
    private static LaunchShape ByRow(Matrix output) => new(output.Rows, 1, 1, Math.Clamp((output.Columns / 8 + 31) / 32 * 32, 32, 1024));
}
