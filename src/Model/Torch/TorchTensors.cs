namespace Llama.Model.Torch;

/// <summary>The tensors of this process, for those who watch that they do not grow in number: the garbage collector knows nothing of their memory.</summary>
public static class TorchTensors
{
    /// <summary>How many live; 0 while libtorch is not loaded, which asking does not change.</summary>
    public static long Count => TorchLibrary.IsLoaded ? TorchSharp.torch.Tensor.TotalCount : 0;
}
