namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>What attention keeps from call to call, whatever the type of the cache.</summary>
internal sealed class AttentionMemory
{
    public AttentionPlan Plan { get; } = new();

    /// <summary>[threads] see <see cref="AttentionWorkspace"/>.</summary>
    public ScratchMemory Workers { get; } = new();

    /// <summary>[rows] of tiles whose spans different threads do, see <see cref="SimdSoftmax{TLanes}"/>.</summary>
    public ScratchMemory States { get; } = new();
}
