namespace Llama.Model.Cuda;

/// <summary>One way in which <c>linear.cu</c> is compiled: what a block does, and the shared memory that it takes.</summary>
/// <param name="Format">Of the weights.</param>
/// <param name="TokenTiles">Tiles of 8 rows in a block: 1, 2, 4 or 8.</param>
/// <param name="Split">Groups of warps that share the inputs.</param>
/// <param name="MostSharedBytes">What a block can have.</param>
internal readonly record struct CudaLinearTile(CudaLinearFormat Format, int TokenTiles, int Split, int MostSharedBytes)
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    private const int Warps = 8, WarpOutputs = 32, MostStages = 8, HalfRing = 96 << 10, WholeRing = 144 << 10, StaticBytes = 16;

    /// <summary>The one for a number of rows.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="rows">Of the input.</param>
    /// <param name="deterministic">Whether the inputs are to be shared in the same way for any number of rows.</param>
    /// <param name="mostSharedBytes">What a block can have.</param>
    public static CudaLinearTile For(CudaLinearFormat format, int rows, bool deterministic, int mostSharedBytes)
    {
        int tokenTiles = rows <= 8 ? 1 : rows <= 16 ? 2 : rows <= 32 ? 4 : 8;
        // Codes are few bytes: activations are to be read for more outputs.
        int split = deterministic ? 2 : format.IsCodes ? Math.Max(2, 8 / tokenTiles) : Math.Min(8, 16 / tokenTiles);
        return new CudaLinearTile(format, tokenTiles, split, mostSharedBytes);
    }

    /// <summary>Results of a block: this many rows …</summary>
    public int Rows => 8 * TokenTiles;

    /// <summary>… of this many outputs.</summary>
    public int Outputs => WarpOutputs * Warps / Split;

    /// <summary>Inputs of a stage of the ring.</summary>
    public int StageInputs => WarpInputs * Split;

    /// <summary>Dynamic shared memory of a block: the ring, in which the sums are gathered at the end.</summary>
    public int SharedBytes => Math.Max(Stages * StageBytes, Split * Rows * (Outputs + 4) * sizeof(float));

    /// <summary>What the source is compiled with.</summary>
    public string[] Constants => [.. Format.Constants, $"TOKEN_TILES={TokenTiles}", $"SPLIT={Split}", $"STAGES={Stages}", $"RESIDENT={Resident}"];

    /// <summary>Stages of the ring, one of which is computed while the others are under way.</summary>
    public int Stages => Math.Clamp(RingBytes / StageBytes, 2, MostStages);

    // Two blocks on a multiprocessor where shared memory and registers allow it.
    private int Resident => MostSharedBytes < 2 * HalfRing || TokenTiles == 8 && Format.IsCodes || TokenTiles == 4 && (Format.HasMinima || Format.Grain == 16) ? 1 : 2;

    private int RingBytes => Resident == 2 ? HalfRing : Math.Min(MostSharedBytes - StaticBytes, WholeRing);

    private int WarpInputs => Format.IsCodes ? 64 : 32;

    private int StageBytes => Warps * (WarpInputs * WarpOutputs * Format.Bits / 8 + ScaleBytes) + StageInputs * Rows * 2;

    private int ScaleBytes => Format.IsCodes ? WarpInputs / Format.Grain * WarpOutputs * Format.ScaleBytes : 0;
}
