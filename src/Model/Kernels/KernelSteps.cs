namespace Llama.Model.Kernels;

/// <summary>What <see cref="IKernels"/> can do at once, step by step: for kernels that have nothing better, or not for all shapes.</summary>
internal static class KernelSteps
{
    /// <inheritdoc cref="IKernels.NormLinear"/>
    public static void NormLinearInSteps(this IKernels kernels, Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections)
    {
        kernels.RmsNorm(input, weight, epsilon, normed);
        kernels.Linear(normed, projections);
    }

    /// <inheritdoc cref="IKernels.NormGated"/>
    public static void NormGatedInSteps(this IKernels kernels, Matrix input, Matrix weight, float epsilon, Matrix normed, Projection gate, Projection up)
    {
        kernels.NormLinear(input, weight, epsilon, normed, [gate, up]);
        kernels.SiluMultiply(gate.Output, up.Output);
    }

    /// <inheritdoc cref="IKernels.NormRotated"/>
    public static void NormRotatedInSteps(this IKernels kernels, Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections,
        RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        kernels.NormLinear(input, weight, epsilon, normed, projections);
        kernels.RotateAndStore(projections[0].Output, projections[1].Output, projections[2].Output, rope, batch, shape, cache);
    }
}
