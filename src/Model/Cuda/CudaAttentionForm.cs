using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>What the kernels of attention are compiled for.</summary>
/// <param name="Shape">The model's heads and the cache's blocks.</param>
/// <param name="Activations">Queries, keys, values and the result: bfloat16 or float32.</param>
/// <param name="Cache">bfloat16, float32 or int8.</param>
/// <param name="MostSharedBytes">Shared memory that a block can have.</param>
internal sealed record CudaAttentionForm(AttentionShape Shape, ScalarType Activations, ScalarType Cache, int MostSharedBytes = int.MaxValue)
{
    /// <summary>Tokens of a piece of a context where rows are so few that their pieces are to occupy the device.</summary>
    public const int ShortPiece = 128;

    /// <summary>Tokens of a piece of a context where there are many rows.</summary>
    public const int LongPiece = 256;

    private const int ListHeads = 8; // query heads that are computed together

    /// <summary>Refuses what the kernels cannot take; before anything is uploaded.</summary>
    /// <exception cref="ArgumentException">With the remedy.</exception>
    public static void Check(AttentionShape shape)
    {
        if (shape.HeadDim % 16 != 0 || shape.HeadDim > 256)
            throw new ArgumentException($"head_dim is {shape.HeadDim}, and the fused CUDA kernels take multiples of 16 up to 256; use Model:Kernels=plain or Model:Device=cpu.");
        if (shape.BlockSize < 8 || (shape.BlockSize & (shape.BlockSize - 1)) != 0)
            throw new ArgumentException($"Model:BlockSize is {shape.BlockSize}; on CUDA use 8, 16, 32 or another power of two.");
    }

    /// <summary>Whether chunks of a prompt have a kernel of their own, with tensor cores; else their tokens are attended to one by one.</summary>
    public bool HasTiles => Activations == ScalarType.BFloat16 && Cache != ScalarType.Float32 && TileSharedBytes <= MostSharedBytes;

    /// <summary>Tokens of a chunk that a block attends for: as many as registers and shared memory allow.</summary>
    public int TileRows => Shape.HeadDim <= 128 && SharedBytesOf(128) <= MostSharedBytes ? 128 : 64;

    /// <summary>Query heads that a block attends for at once.</summary>
    public int HeadsAtOnce => Math.Min(Shape.GroupSize, ListHeads);

    /// <summary>Blocks that it takes for all heads of a token.</summary>
    public int Lists => Shape.KvHeadCount * ((Shape.GroupSize + ListHeads - 1) / ListHeads);

    /// <summary>Shared memory of a block of <c>attend_tiles</c>: queries, two stages of keys and values, and what codes are widened to.</summary>
    public int TileSharedBytes => SharedBytesOf(TileRows);

    /// <summary>A source, compiled for this and for pieces of a length.</summary>
    public CudaUnit Unit(string name, int pieceTokens) => new(name, [.. Unit(name).Constants, $"PIECE={pieceTokens}"]);

    /// <summary>A source, compiled for this.</summary>
    public CudaUnit Unit(string name) => new(name, [
        $"ACT={NameOf(Activations)}", $"KV={NameOf(Cache)}", $"HEAD_DIM={Shape.HeadDim}", $"GROUP_SIZE={Shape.GroupSize}", $"KV_HEADS={Shape.KvHeadCount}", $"BLOCK_SIZE={Shape.BlockSize}",
        $"TILE_ROWS={TileRows}"]);

    /// <summary>What sources call a type.</summary>
    public static string NameOf(ScalarType dtype) => dtype switch
    {
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float32 => "float",
        ScalarType.Int8 => "s8",
        _ => throw new ArgumentException($"The CUDA kernels have no {dtype}."),
    };

    private int SharedBytesOf(int tileRows)
    {
        bool hasCodes = Cache == ScalarType.Int8;
        int keys = hasCodes && Shape.HeadDim > 96 && tileRows == 128 ? 32 : 64, row = (Shape.HeadDim + 8) * 2, step = 2 * keys * row;
        return tileRows * row + (hasCodes ? 2 * 2 * keys * (Shape.HeadDim + sizeof(float)) + step : 2 * step);
    }
}
