using static TorchSharp.torch;

namespace Llama.Trainer.Plain;

/// <summary>Rotary position embedding (Su et al. 2021): the angle of position p and pair i is p · theta^(-2i / headDim), or a scaled variant.</summary>
internal sealed class Rope(PlainConfig config)
{
    /// <summary>Rotation of positions 0 to <paramref name="length"/> - 1 of a sequence that is so long.</summary>
    public Rotation At(int length)
    {
        double[] frequencies = RopeFrequencies.Of(config, length);
        double factor = RopeFrequencies.AttentionFactor(config);
        Tensor angles = outer(arange(length, dtype: ScalarType.Float32), tensor(frequencies, dtype: ScalarType.Float32));
        Tensor both = cat([angles, angles], dim: -1);
        return factor == 1 ? new Rotation(both.cos(), both.sin()) : new Rotation(both.cos() * factor, both.sin() * factor);
    }
}
