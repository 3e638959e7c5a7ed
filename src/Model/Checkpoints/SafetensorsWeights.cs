using Llama.Model.Kernels;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Weights of a folder in Hugging Face layout. On a CPU, what is already of the wanted form stays where it is: in the mapped file.</summary>
/// <param name="checkpoint">Taken over.</param>
/// <param name="keepsQuantised">Whether weights that the files hold in codes stay so.</param>
/// <param name="dtype">Type of all other matrices.</param>
/// <param name="device">Where they are to lie.</param>
internal sealed class SafetensorsWeights(Checkpoint checkpoint, bool keepsQuantised, ScalarType dtype, Device device) : IWeightSource
{
    private readonly Dictionary<string, long[]> _shapes = CheckpointLayout.Expected(checkpoint.Config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);

    public LlamaConfig Config => checkpoint.Config;

    public Matrix Norm(string name) => Matrix.Of(checkpoint.Load(name, ScalarType.Float32, device));

    public Weight Weight(string name) => Config.Quantization?.TypeOf(name, Config.TieWordEmbeddings) is { } type ? Quantized(name, type) : Dense(name);

    public void Release(string name)
    {
        if (Config.Quantization?.TypeOf(name, Config.TieWordEmbeddings) is null) checkpoint.Release(name);
    }

    public void Dispose() => checkpoint.Dispose();

    private Weight Quantized(string name, QuantizationType type)
    {
        QuantizedWeight mapped = QuantizedTensors.Map(checkpoint, name, (int)_shapes[name][1], type);
        if (keepsQuantised) return mapped;
        using (mapped)
        {
            using Tensor widened = mapped.Widen(), rounded = widened.to(dtype);
            return new DenseWeight(Matrix.Of(rounded.to(device)));
        }
    }

    private DenseWeight Dense(string name)
    {
        if (device.type == TorchSharp.DeviceType.CPU)
        {
            Tensor mapped = checkpoint.Map(name);
            if (mapped.dtype == dtype) return new DenseWeight(Matrix.Of(mapped));
            mapped.Dispose();
        }
        return new DenseWeight(Matrix.Of(checkpoint.Load(name, dtype, device)));
    }
}
