using System.Globalization;

namespace Llama.Model.Parallel;

/// <summary>
/// What one device of a group holds of every layer (tensor parallelism, Shoeybi et al. 2019): some key/value heads with their query heads, some columns of the MLP, and of the vocabulary some tokens
/// of embedding and head. Projections into heads and columns are cut by rows; the two that lead out of them, by columns, so that their products are parts of a sum.
/// </summary>
internal sealed record Shard
{
    private const int WidestUnit = 64, NarrowestUnit = 16; // columns: a register of 8-bit codes; the narrowest groups of codes, and a tile of a tensor core
    private const int VocabularyUnit = 16; // a register of floats, without which products of many rows cannot be blocked
    private const int EvenUnits = 3; // of each device at least: then none has over a third more to do than another

    private Shard(LlamaConfig whole, int index, int count)
    {
        (Whole, Index, Count) = (whole, index, count);
        KvHeads = Slice.Of(whole.KvHeadCount, 1, count, index);
        Heads = KvHeads.Times(whole.HeadCount / whole.KvHeadCount);
        Columns = Slice.Of(whole.IntermediateSize, UnitOf(whole.IntermediateSize, count), count, index);
        Vocabulary = Slice.Of(whole.VocabSize, VocabularyUnit, count, index);
        Config = whole with { HeadCount = Heads.Count, KvHeadCount = KvHeads.Count, IntermediateSize = Columns.Count, VocabSize = Vocabulary.Count };
    }

    /// <summary>The whole model's shape.</summary>
    public LlamaConfig Whole { get; }

    /// <summary>Which of the group's devices.</summary>
    public int Index { get; }

    /// <summary>Devices of the group.</summary>
    public int Count { get; }

    /// <summary>Query heads.</summary>
    public Slice Heads { get; }

    /// <summary>Key and value heads.</summary>
    public Slice KvHeads { get; }

    /// <summary>Of the MLP: rows of gate and up, columns of down.</summary>
    public Slice Columns { get; }

    /// <summary>Token ids.</summary>
    public Slice Vocabulary { get; }

    /// <summary>The shape of what the device holds: a Llama with fewer heads, a narrower MLP and a smaller vocabulary.</summary>
    public LlamaConfig Config { get; }

    /// <summary>The share of one device.</summary>
    /// <param name="whole">The model's shape.</param>
    /// <param name="index">Which device of the group.</param>
    /// <param name="count">Devices of the group.</param>
    /// <exception cref="ArgumentException">The model cannot be cut so; with what would work.</exception>
    public static Shard Of(LlamaConfig whole, int index, int count)
    {
        if (Refusal(whole, count) is { } refusal) throw new ArgumentException(refusal);
        return new Shard(whole, index, count);
    }

    /// <summary>Why a model cannot be cut for so many devices; null if it can.</summary>
    public static string? Refusal(LlamaConfig whole, int count)
    {
        if (count == 1) return null;
        int most = Math.Min(whole.KvHeadCount, Math.Min(Units(whole.IntermediateSize, NarrowestUnit), Units(whole.VocabSize, VocabularyUnit)));
        string remedy = most == 1 ? "leave it at 1" : $"use {most} or less";
        string also = "; more devices can hold its layers in stages (Model:Device with a multiple of Model:TensorParallel devices)";
        if (count > whole.KvHeadCount) return $"Model:TensorParallel is {count}, but this model has {Counted(whole.KvHeadCount, "KV head")}, and heads are not cut: {remedy}{also}.";
        if (count > Units(whole.IntermediateSize, NarrowestUnit))
            return $"Model:TensorParallel is {count}, but intermediate_size is {whole.IntermediateSize}, which is cut into pieces of {NarrowestUnit}: {remedy}{also}.";
        return count > most ? $"Model:TensorParallel is {count}, but the vocabulary is {whole.VocabSize}, which is cut into pieces of {VocabularyUnit}: {remedy}{also}." : null;
    }

    /// <summary>The device's part of a weight, by its name in Hugging Face layout.</summary>
    public WeightPart PartOf(string name) => name.Split('.')[^2] switch
    {
        "q_proj" => new(Heads.Times(Whole.HeadDim), IsColumns: false, Whole.HeadCount * Whole.HeadDim),
        "k_proj" or "v_proj" => new(KvHeads.Times(Whole.HeadDim), IsColumns: false, Whole.KvHeadCount * Whole.HeadDim),
        "o_proj" => new(Heads.Times(Whole.HeadDim), IsColumns: true, Whole.HeadCount * Whole.HeadDim),
        "gate_proj" or "up_proj" => new(Columns, IsColumns: false, Whole.IntermediateSize),
        "down_proj" => new(Columns, IsColumns: true, Whole.IntermediateSize),
        _ => new(Vocabulary, IsColumns: false, Whole.VocabSize), // embedding and head
    };

    /// <summary>In words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Heads.Count} of {Whole.HeadCount} heads, {Columns.Count:N0} of {Whole.IntermediateSize:N0} MLP columns, {Vocabulary.Count:N0} of {Whole.VocabSize:N0} tokens");

    private static int Units(int total, int unit) => (total + unit - 1) / unit;

    private static string Counted(int count, string noun) => count == 1 ? $"one {noun}" : $"{count} {noun}s";

    private static int UnitOf(int columns, int count)
    {
        int unit = WidestUnit;
        while (unit > NarrowestUnit && columns < (long)unit * EvenUnits * count) unit /= 2;
        return unit;
    }
}
