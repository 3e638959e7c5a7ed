namespace Llama.Model.Planning;

/// <summary>What a device would hold, in bytes.</summary>
/// <param name="Name">As <c>Model:Device</c> spells it.</param>
/// <param name="FreeBytes">Memory that it could give.</param>
/// <param name="FirstLayer">Number of its first layer in the whole model, from 0.</param>
/// <param name="LayerBytes">[layers] weights of each of its layers alone.</param>
/// <param name="EmbeddingBytes">0 where it has none.</param>
/// <param name="HeadBytes">Output head and final norm; 0 where it has none, and where the embedding is the head as well.</param>
/// <param name="CacheBytes">Its part of the KV cache: of the pool, or where that does not fit of one full sequence.</param>
/// <param name="ActivationBytes">Intermediate results of the largest step.</param>
/// <param name="BufferBytes">Tables of positions, rows to draw from, logits, what weights stream through, and what devices that share layers exchange.</param>
public sealed record DevicePlan(
    string Name, long FreeBytes, int FirstLayer, long[] LayerBytes, long EmbeddingBytes, long HeadBytes, long CacheBytes, long ActivationBytes, long BufferBytes)
{
    /// <summary>What it holds of each of its layers, to follow <see cref="Holds"/>'s layers; empty where that is all.</summary>
    public string Share { get; init; } = "";

    /// <summary>What <c>Model:MemoryLimit</c> allows; null without it.</summary>
    public long? LimitBytes { get; init; }

    /// <summary>What process, driver and libraries take beside the model; told apart only under a limit, which holds for all of it.</summary>
    public long BaseBytes { get; init; }

    /// <summary>Weights that do not stay for certain: they stream from outside, or are fetched row by row.</summary>
    public long OutsideBytes { get; init; }

    /// <summary>All weights.</summary>
    public long WeightBytes => LayerBytes.Sum() + EmbeddingBytes + HeadBytes;

    /// <summary>All that lies there.</summary>
    public long TotalBytes => BaseBytes + WeightBytes - OutsideBytes + CacheBytes + ActivationBytes + BufferBytes;

    /// <summary>Whether there is room.</summary>
    public bool Fits => TotalBytes <= RoomBytes;

    /// <summary>What it may take.</summary>
    public long RoomBytes => Math.Min(FreeBytes, LimitBytes ?? long.MaxValue);

    /// <summary>What lies there: <c>embedding, layers 0 to 39</c>.</summary>
    public required string Holds { get; init; }
}
