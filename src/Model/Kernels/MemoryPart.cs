namespace Llama.Model.Kernels;

/// <summary>A run of bytes in some memory.</summary>
internal readonly record struct MemoryPart(nint Address, long Bytes);
