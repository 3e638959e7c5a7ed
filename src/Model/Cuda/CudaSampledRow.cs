using System.Runtime.InteropServices;

namespace Llama.Model.Cuda;

/// <summary>What comes of a row, as the kernels write it: <c>SampledRow</c> in <c>sampling.cuh</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaSampledRow
{
    public int Token;

    /// <summary>Of a token that was scored: 1 for the best.</summary>
    public int Rank;

    /// <summary>Alternatives found: all that were wanted, but for impossible ones.</summary>
    public int TopCount;

    public float Logprob;

    /// <summary>The largest logit. When it is no finite number nothing was drawn.</summary>
    public float Max;
}
