namespace Llama.Model.Tests.Checkpoints;

internal static class TestConfig
{
    /// <summary>Small enough to write in a millisecond, with every size different.</summary>
    public static readonly LlamaConfig Tiny = new()
    {
        HiddenSize = 64,
        IntermediateSize = 176,
        LayerCount = 2,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 16,
        VocabSize = 320,
        ContextLength = 128,
    };
}
