namespace Llama.Model.Kernels.Machine;

/// <summary>What a generated tile works on; its fields are read by machine code at the offsets below.</summary>
internal unsafe struct TileArguments
{
    public const int InputAt = 0, WeightAt = 8, OutputAt = 16, OutputStrideAt = 24, CountAt = 32, AheadAt = 40;

    public const int ScalesAt = 48, CorrectionsAt = 56, GroupSumsAt = 64, InputScalesAt = 72, SpreadIndexAt = 80, WorkspaceAt = 88, PanelAt = 96;

    /// <summary>First packed input row.</summary>
    public byte* Input;

    /// <summary>First weight row.</summary>
    public byte* Weight;

    /// <summary>First output of the first row.</summary>
    public float* Output;

    /// <summary>Bytes from one output row to the next.</summary>
    public long OutputStride;

    /// <summary>Tiles to do, one behind the other along the outputs; at least 1.</summary>
    public long Count;

    /// <summary>Weights to fetch meanwhile for what comes next.</summary>
    public byte* Ahead;

    /// <summary>Scales of the first weight row's groups.</summary>
    public float* Scales;

    /// <summary>What the first weight row's group sums of the input are multiplied with and taken off: its minima, or its scales once more.</summary>
    public float* Corrections;

    /// <summary>The first input row's sums by group.</summary>
    public float* GroupSums;

    /// <summary>The first input row's scale.</summary>
    public float* InputScales;

    /// <summary>The lanes 0 0 0 0 1 1 1 1 2 2 2 2 3 3 3 3, for scales of which each is for four codes.</summary>
    public int* SpreadIndex;

    /// <summary>Of tile registers: memory for what goes to vector registers.</summary>
    public byte* Workspace;

    /// <summary>The codes in bytes, where the weights have shorter ones.</summary>
    public byte* Panel;

    /// <summary>Runs generated code on them: microseconds, so that the runtime need not be told.</summary>
    public static void Call(nint code, TileArguments* arguments) => ((delegate* unmanaged[Cdecl, SuppressGCTransition]<TileArguments*, void>)code)(arguments);
}
