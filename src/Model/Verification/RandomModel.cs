using Llama.Model.Checkpoints;

namespace Llama.Model.Verification;

/// <summary>A small model with random weights in a folder that goes with it.</summary>
internal sealed class RandomModel : IDisposable
{
    public RandomModel(LlamaConfig config)
    {
        Config = config;
        RandomCheckpoint.Write(Folder, config, TensorDtype.BF16, seed: 1);
    }

    /// <summary>Shapes that between them have every part: one query head for each key head and several, heads of usual widths, inputs that fill no whole tile.</summary>
    public static IReadOnlyList<LlamaConfig> Shapes { get; } = [Shape(256, 352, 4, 4, 64), Shape(512, 1376, 4, 2, 128), Shape(256, 688, 8, 1, 32)];

    public LlamaConfig Config { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("llama-verify-").FullName;

    /// <summary>For the table.</summary>
    public override string ToString() => $"random {Config.LayerCount} × {Config.HiddenSize}, {Config.HeadCount} heads over {Config.KvHeadCount} of {Config.HeadDim}";

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static LlamaConfig Shape(int hidden, int intermediate, int heads, int kvHeads, int headDim) => new()
    {
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        LayerCount = 2,
        HeadCount = heads,
        KvHeadCount = kvHeads,
        HeadDim = headDim,
        VocabSize = 1000,
        ContextLength = 512,
    };
}
