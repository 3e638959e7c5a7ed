using static TorchSharp.torch;

namespace Llama.Trainer.Plain;

/// <summary>
/// Llama 2 as its papers write it, in float32 and differentiable: pre-RMSNorm, rotary positions, grouped-query attention, SwiGLU.
/// Slow and plain on purpose: it trains the demo model and is the oracle that faster implementations are compared with.
/// </summary>
public sealed class PlainLlama(PlainConfig config, IReadOnlyDictionary<string, Tensor> weights)
{
    private readonly Rope _rope = new(config);

    public PlainConfig Config => config;

    /// <summary>Weights by their Hugging Face names.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights => weights;

    /// <summary>Loads a Hugging Face model folder: config.json and the *.safetensors beside it.</summary>
    public static PlainLlama Load(string folder) => new(
        PlainConfig.Load(Path.Combine(folder, "config.json")),
        Directory.GetFiles(folder, "*.safetensors").SelectMany(SafetensorsFile.Load).ToDictionary(pair => pair.Key, pair => pair.Value));

    /// <summary>Logits of every position. <paramref name="tokenIds"/> is int64 [batch, length]; the result is float32 [batch, length, vocab].</summary>
    public Tensor Logits(Tensor tokenIds)
    {
        using var scope = NewDisposeScope();
        return Head(Hidden(tokenIds)).MoveToOuterDisposeScope();
    }

    /// <summary>States after the last norm, [batch, length, hidden].</summary>
    public Tensor Hidden(Tensor tokenIds)
    {
        // A scope holds on to each tensor: TorchSharp does not while torch works on it, so a finalizer could free one in mid-call.
        using var scope = NewDisposeScope();
        Tensor x = weights["model.embed_tokens.weight"].index_select(0, tokenIds.flatten()).view(tokenIds.shape[0], tokenIds.shape[1], -1);
        Rotation rotation = _rope.At((int)tokenIds.shape[1]);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string name = $"model.layers.{layer}.";
            x += Attend(name + "self_attn.", Norm(x, name + "input_layernorm"), rotation);
            x += GatedMlp(name + "mlp.", Norm(x, name + "post_attention_layernorm"));
        }
        return Norm(x, "model.norm").MoveToOuterDisposeScope();
    }

    /// <summary>Logits of hidden states of any leading shape.</summary>
    public Tensor Head(Tensor hidden) => Linear(hidden, config.TiedHead ? "model.embed_tokens" : "lm_head");

    /// <summary>The same model with each weight rounded to bfloat16, as it ships.</summary>
    public PlainLlama RoundedToBFloat16() =>
        new(config, weights.ToDictionary(pair => pair.Key, pair => pair.Value.detach().to(ScalarType.BFloat16).to(ScalarType.Float32)));

    private Tensor Linear(Tensor x, string name) => nn.functional.linear(x, weights[name + ".weight"]);

    // RMSNorm (Zhang & Sennrich 2019): no mean, no bias.
    private Tensor Norm(Tensor x, string name) =>
        x * (x * x).mean([-1], keepdim: true).add(config.NormEpsilon).rsqrt() * weights[name + ".weight"];

    // SwiGLU (Shazeer 2020).
    private Tensor GatedMlp(string name, Tensor x) =>
        Linear(nn.functional.silu(Linear(x, name + "gate_proj")) * Linear(x, name + "up_proj"), name + "down_proj");

    // Causal attention; each key head serves HeadCount / KvHeadCount query heads (Ainslie et al. 2023).
    private Tensor Attend(string name, Tensor x, Rotation rotation)
    {
        Tensor q = rotation.Apply(Heads(Linear(x, name + "q_proj"), config.HeadCount));
        Tensor k = Shared(rotation.Apply(Heads(Linear(x, name + "k_proj"), config.KvHeadCount)));
        Tensor v = Shared(Heads(Linear(x, name + "v_proj"), config.KvHeadCount));
        Tensor scores = q.matmul(k.transpose(-1, -2)) / Math.Sqrt(config.HeadDim); // [batch, heads, length, length]
        Tensor future = ones(x.shape[1], x.shape[1], ScalarType.Bool).triu(1);
        Tensor mixed = scores.masked_fill(future, float.NegativeInfinity).softmax(-1).matmul(v);
        return Linear(mixed.transpose(1, 2).flatten(2), name + "o_proj");
    }

    // [batch, length, heads * headDim] to [batch, heads, length, headDim]
    private Tensor Heads(Tensor x, int count) => x.view(x.shape[0], x.shape[1], count, config.HeadDim).transpose(1, 2);

    private Tensor Shared(Tensor heads)
    {
        long[] shape = [heads.shape[0], config.KvHeadCount, config.HeadCount / config.KvHeadCount, heads.shape[2], config.HeadDim];
        return heads.unsqueeze(2).expand(shape).flatten(1, 2);
    }
}
