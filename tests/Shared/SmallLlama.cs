using Llama.Model;

namespace Llama.Tests.Shared;

/// <summary>The shape of a Llama that is small enough to be written, loaded and run in a test, and has each part that a large one has.</summary>
public static class SmallLlama
{
    /// <summary>Two layers of 64, four heads over two.</summary>
    public static LlamaConfig Config { get; } = new()
    {
        HiddenSize = 64,
        IntermediateSize = 96,
        LayerCount = 2,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 16,
        VocabSize = 200,
        ContextLength = 128,
    };
}
