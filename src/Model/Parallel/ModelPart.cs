namespace Llama.Model.Parallel;

/// <summary>
/// Which part of a model a device holds: layers that follow each other, the first part with the embedding before them, the last with the final norm and the head behind them; and of what is
/// split over several devices one of the shards.
/// </summary>
/// <param name="FirstLayer">Number of its first layer in the whole model, from 0.</param>
/// <param name="LayerCount">How many layers; one at least.</param>
/// <param name="Shard">Which of the shards, from 0.</param>
/// <param name="ShardCount">Over how many devices its matrices are split; 1 when they are whole.</param>
internal readonly record struct ModelPart(int FirstLayer, int LayerCount, int Shard = 0, int ShardCount = 1)
{
    /// <summary>Behind its last layer.</summary>
    public int EndLayer => FirstLayer + LayerCount;

    public bool HasEmbedding => FirstLayer == 0;

    /// <summary>All of a model.</summary>
    public static ModelPart Whole(LlamaConfig config) => new(0, config.LayerCount);

    /// <param name="config">Of the whole model.</param>
    public bool HasHead(LlamaConfig config) => EndLayer == config.LayerCount;

    /// <summary>The shape of the part, as if it were a model of its own.</summary>
    /// <param name="config">Of the whole model.</param>
    public LlamaConfig ShapeOf(LlamaConfig config) => config with { LayerCount = LayerCount };

    /// <summary>What it holds of each of its layers.</summary>
    /// <param name="config">Of the whole model.</param>
    /// <exception cref="ArgumentException">The model cannot be cut so; with what would work.</exception>
    public Shard ShardOf(LlamaConfig config) => Parallel.Shard.Of(config, Shard, ShardCount);

    /// <summary>The part as each of several devices holds it that share its layers, in their order.</summary>
    public IEnumerable<ModelPart> Shards(int count)
    {
        ModelPart part = this;
        return Enumerable.Range(0, count).Select(shard => part with { Shard = shard, ShardCount = count });
    }

    /// <summary>What it holds of each of its layers, in words that follow these; none where that is all.</summary>
    /// <param name="config">Of the whole model.</param>
    public string Share(LlamaConfig config) => ShardCount == 1 ? "" : $" in shares of {ShardCount}: {ShardOf(config)}";

    /// <summary>All that it holds, in words: <c>embedding, layers 0 to 39</c>.</summary>
    /// <param name="config">Of the whole model.</param>
    /// <exception cref="ArgumentException">The model cannot be cut so; with what would work.</exception>
    public string Describe(LlamaConfig config) => $"{(HasEmbedding ? "embedding, " : "")}{this}{(HasHead(config) ? ", head" : "")}{Share(config)}";

    /// <summary>Its layers in words: <c>layers 0 to 10</c>.</summary>
    public override string ToString() => LayerCount == 1 ? $"layer {FirstLayer}" : $"layers {FirstLayer} to {EndLayer - 1}";
}
