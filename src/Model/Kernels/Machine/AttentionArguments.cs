using Llama.Model.Kernels.Simd;

namespace Llama.Model.Kernels.Machine;

/// <summary>What a generated tile of attention works on; its fields are read by machine code at the offsets below.</summary>
internal unsafe struct AttentionArguments
{
    public const int LeftAt = 0, RightAt = 8, AheadAt = 16, OutputAt = 24, CountAt = 32, StepsAt = 40;

    /// <summary>[rows] queries or weights in bfloat16.</summary>
    public Bf16* Left;

    /// <summary>Where the keys or the values lie.</summary>
    public uint** Right;

    /// <summary>Where those lie that will be wanted next.</summary>
    public uint** Ahead;

    /// <summary>[rows] scores or mixes.</summary>
    public float* Output;

    /// <summary>Tiles to do, one behind the other; at least 1.</summary>
    public long Count;

    /// <summary>Steps of each: of a mix, pairs of positions.</summary>
    public long Steps;

    /// <summary>Runs generated code on them: less than a microsecond, so that the runtime need not be told.</summary>
    public static void Call(nint code, AttentionArguments* arguments) => ((delegate* unmanaged[Cdecl, SuppressGCTransition]<AttentionArguments*, void>)code)(arguments);
}
