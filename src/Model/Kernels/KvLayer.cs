namespace Llama.Model.Kernels;

/// <summary>One layer's part of the KV cache.</summary>
/// <param name="Keys">[blocks · blockSize, kvHeads · headDim], rotated.</param>
/// <param name="Values">[blocks · blockSize, kvHeads · headDim]</param>
internal sealed record KvLayer(Matrix Keys, Matrix Values);
