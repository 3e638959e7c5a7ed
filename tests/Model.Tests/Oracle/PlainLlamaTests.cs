using Llama.Tests.Shared;
using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Oracle;

/// <summary>The oracle itself is held to what the papers say of any Llama.</summary>
[HoldsTensors]
public sealed class PlainLlamaTests
{
    private static readonly PlainConfig Small = new()
    {
        HiddenSize = 32,
        IntermediateSize = 48,
        LayerCount = 2,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 8,
        VocabSize = 50,
        MaxPosition = 64,
    };

    [Fact]
    public void Logits_LaterTokenChanged_EarlierPositionsUnchanged()
    {
        PlainLlama model = new(Small, RandomWeights(Small));
        Tensor first = model.Logits(tensor(new long[] { 1, 7, 9, 11 }, [1, 4])), second = model.Logits(tensor(new long[] { 1, 7, 9, 30 }, [1, 4]));
        Assert.True(first[0, TensorIndex.Slice(0, 3)].allclose(second[0, TensorIndex.Slice(0, 3)]));
        Assert.False(first[0, 3].allclose(second[0, 3]));
    }

    [Fact]
    public void Logits_KeyHeadsRepeatedPerQueryHead_EqualsMultiHeadAttention()
    {
        Dictionary<string, Tensor> grouped = RandomWeights(Small);
        var repeated = grouped.ToDictionary(pair => pair.Key, pair => pair.Key.Contains("k_proj") || pair.Key.Contains("v_proj") ? RepeatHeads(pair.Value) : pair.Value);
        Tensor ids = tensor(new long[] { 1, 5, 6, 7, 8 }, [1, 5]);
        Tensor expected = new PlainLlama(Small with { KvHeadCount = 4 }, repeated).Logits(ids);
        Assert.True(new PlainLlama(Small, grouped).Logits(ids).allclose(expected, rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void Logits_TiedHead_EqualsEmbeddingAsHead()
    {
        Dictionary<string, Tensor> tied = RandomWeights(Small with { TiedHead = true });
        Dictionary<string, Tensor> untied = new(tied) { ["lm_head.weight"] = tied["model.embed_tokens.weight"] };
        Tensor ids = tensor(new long[] { 3, 2, 1 }, [1, 3]);
        Assert.True(new PlainLlama(Small with { TiedHead = true }, tied).Logits(ids).Equals(new PlainLlama(Small, untied).Logits(ids)));
    }

    [Fact]
    public void SafetensorsFile_SavedAsBFloat16_ComesBackRounded()
    {
        using TempFolder folder = new();
        string path = folder.In("model.safetensors");
        Dictionary<string, Tensor> weights = RandomWeights(Small);
        SafetensorsFile.Save(path, weights, asBFloat16: true);
        foreach ((string name, Tensor loaded) in SafetensorsFile.Load(path))
            Assert.True(loaded.Equals(weights[name].to(ScalarType.BFloat16).to(ScalarType.Float32)), name);
    }

    // [kvHeads * headDim, hidden] with each head twice in a row
    private static Tensor RepeatHeads(Tensor weight) =>
        weight.view(Small.KvHeadCount, Small.HeadDim, -1).repeat_interleave(2, dim: 0).reshape(-1, Small.HiddenSize);

    private static Dictionary<string, Tensor> RandomWeights(PlainConfig config) =>
        WeightShapes.Of(config).ToDictionary(pair => pair.Key, pair => rand(pair.Value) * 0.5 - 0.2);
}
