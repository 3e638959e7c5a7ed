using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>
/// A checkpoint's tensors in the form, of the type and in the memory in which a model is to hold them, whatever its files look like; or a step on the way there. Tensors go by their names in
/// Hugging Face layout. What was handed out belongs to the caller and is to be disposed before the source is: it may lie in mapped files.
/// </summary>
internal interface IWeightSource : IDisposable
{
    /// <summary>The model's shape.</summary>
    LlamaConfig Config { get; }

    /// <summary>The file's types of the weights that are handed out in codes as they are there, for people; null when there are none.</summary>
    string? Codes => null;

    /// <summary>[1, size]; placed, float32</summary>
    Matrix Norm(string name);

    /// <summary>[outputs, inputs]</summary>
    Weight Weight(string name);

    /// <summary>Whether single rows can be read of a weight that was handed out, as an embedding needs it.</summary>
    bool ReadsRowsOf(Weight weight) => true;

    /// <summary>[outputs, inputs] in a form of which single rows can be read.</summary>
    Weight Table(string name) => Weight(name);

    /// <summary>Bytes of a weight that will be handed out in codes; null of any other.</summary>
    /// <param name="name">Of the weight.</param>
    /// <param name="isHost">Whether the processor is to multiply with it.</param>
    long? CodeBytes(string name, bool isHost);

    /// <summary>The same of one that is packed for the processor; some more, or of what <c>quantize</c> made some less, where that depends on its values; some more where a device's share of it is not whole groups.</summary>
    long? PackedBytes(string name) => CodeBytes(name, isHost: true);

    /// <summary>Inputs that share a scale in a weight that the files hold in codes and that will be handed out so; null of any other.</summary>
    int? GroupSizeOf(string name) => null;

    /// <summary>How the files hold a weight, for callers that read it again and again on the host instead of having it handed out.</summary>
    /// <param name="name">Of the weight.</param>
    /// <param name="dtype">Type that it is to have where it is not in codes.</param>
    /// <exception cref="ArgumentException">It would have to be made anew each time; with the remedy.</exception>
    StoredWeight Stored(string name, ScalarType dtype) => throw new ArgumentException($"{name} is made of what the files hold and cannot stream from them; raise Model:MemoryLimit.");

    /// <summary>Lets go of what a tensor takes in memory within the source itself: its weight was handed out, used and disposed.</summary>
    void Release(string name) { }
}
