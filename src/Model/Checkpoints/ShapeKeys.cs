namespace Llama.Model.Checkpoints;

/// <summary>What a format calls the sizes of a model that must fit each other.</summary>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Heads">Number of query heads.</param>
/// <param name="KvHeads">Number of key/value heads.</param>
/// <param name="HeadDim">Width of one head; where it is absent it follows from the first two.</param>
internal sealed record ShapeKeys(string Hidden, string Heads, string KvHeads, string HeadDim)
{
    /// <summary>Notes what does not fit. Each size is sound for itself.</summary>
    public void Check(LlamaConfig config, ConfigKeys keys)
    {
        if (config.HeadCount % config.KvHeadCount != 0)
            keys.Add(KvHeads, $"is {config.KvHeadCount}; expected a divisor of {Heads}, {config.HeadCount}");
        if (!keys.Has(HeadDim) && config.HiddenSize % config.HeadCount != 0)
            keys.Add(Hidden, $"is {config.HiddenSize}; expected a multiple of {Heads}, {config.HeadCount}");
        else if (config.HeadDim % 2 != 0)
            keys.Add(HeadDim, $"is {config.HeadDim}; expected an even number: rotary embedding turns pairs");
    }
}
