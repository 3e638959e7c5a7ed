namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>What a thread takes at a time: one span of a tile, or all of them.</summary>
/// <param name="Tile">Index into the plan's tiles.</param>
/// <param name="Span">Index of the span; −1 means all.</param>
internal readonly record struct AttentionItem(int Tile, int Span);
