namespace Llama.Model;

/// <summary>The weights of one decoder layer.</summary>
internal sealed record LayerWeights(AttentionWeights Attention, MlpWeights Mlp) : IDisposable
{
    /// <summary>Memory of all of them.</summary>
    public long ByteCount => Attention.ByteCount + Mlp.ByteCount;

    public void Dispose()
    {
        Attention.Dispose();
        Mlp.Dispose();
    }
}
