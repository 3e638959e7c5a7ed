using TorchSharp;
using static TorchSharp.torch;

namespace Llama.Model.Tests;

/// <summary>Questions that tests ask of tensors.</summary>
internal static class Tensors
{
    /// <summary>A tensor times a number, which is held through the call: a finalizer would else free it while libtorch reads it.</summary>
    public static Tensor Times(this Tensor tensor, float factor)
    {
        using Scalar held = factor;
        return tensor * held;
    }

    /// <summary>Fills a tensor with a number, held likewise.</summary>
    public static Tensor Fill(this Tensor tensor, float value)
    {
        using Scalar held = value;
        return tensor.fill_(held);
    }

    /// <summary>The largest difference of two tensors; not a number if either has one that is none.</summary>
    public static float Difference(Tensor expected, Tensor actual)
    {
        using DisposeScope scope = NewDisposeScope(); // also holds what is computed on the way, which a finalizer would else free while libtorch still reads it
        return (expected.to(ScalarType.Float32) - actual.to(ScalarType.Float32)).abs().max().item<float>();
    }
}
