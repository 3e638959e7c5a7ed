using static TorchSharp.torch;

namespace Llama.Trainer.Plain;

/// <summary>Cosines and sines of the rotary angles, each [length, headDim], the second half repeating the first.</summary>
internal sealed record Rotation(Tensor Cos, Tensor Sin)
{
    /// <summary>Rotates [batch, heads, length, headDim] by Hugging Face's convention: dimension i pairs with i + headDim / 2.</summary>
    public Tensor Apply(Tensor x)
    {
        Tensor[] halves = x.chunk(2, dim: -1);
        return x * Cos + cat([-halves[1], halves[0]], dim: -1) * Sin;
    }
}
