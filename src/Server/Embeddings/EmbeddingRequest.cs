using Llama.Server.Generating;

namespace Llama.Server.Embeddings;

/// <summary>A request to <c>/v1/embeddings</c>, read and checked.</summary>
internal sealed class EmbeddingRequest
{
    public string Model { get; set; } = "";

    public IReadOnlyList<RawPrompt> Inputs { get; set; } = [];

    /// <summary>Whether vectors are written as the base64 of their little-endian float32 bytes.</summary>
    public bool AsBase64 { get; set; }

    /// <summary>The size that vectors must have; null for the model's.</summary>
    public int? Dimensions { get; set; }

    public bool AddSpecialTokens { get; set; } = true;

    public int? Priority { get; set; }

    public TimeSpan? Timeout { get; set; }
}
