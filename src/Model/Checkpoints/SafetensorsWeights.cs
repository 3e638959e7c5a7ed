using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Weights of a folder in Hugging Face layout. On a CPU, matrices already of the wanted type stay where they are: in the mapped file.</summary>
/// <param name="checkpoint">Taken over.</param>
/// <param name="dtype">Type of the matrices.</param>
/// <param name="device">Where they are to lie.</param>
internal sealed class SafetensorsWeights(Checkpoint checkpoint, ScalarType dtype, Device device) : IWeightSource
{
    public LlamaConfig Config => checkpoint.Config;

    public Matrix Norm(string name) => Matrix.Of(checkpoint.Load(name, ScalarType.Float32, device));

    public Weight Weight(string name)
    {
        if (device.type == TorchSharp.DeviceType.CPU)
        {
            Tensor mapped = checkpoint.Map(name);
            if (mapped.dtype == dtype) return new DenseWeight(Matrix.Of(mapped));
            mapped.Dispose();
        }
        return new DenseWeight(Matrix.Of(checkpoint.Load(name, dtype, device)));
    }

    public void Dispose() => checkpoint.Dispose();
}
