using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Offload;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Weights of a folder in Hugging Face layout, as they lie in the mapped files.</summary>
/// <param name="checkpoint">Taken over.</param>
/// <param name="keepsQuantised">Whether weights that the files hold in codes stay so.</param>
/// <param name="dtype">What they are widened to otherwise.</param>
/// <param name="outlierThreshold">Of weights whose outliers are split off.</param>
internal sealed class SafetensorsWeights(Checkpoint checkpoint, bool keepsQuantised, ScalarType dtype, float outlierThreshold = OutlierWeight.DefaultThreshold) : IWeightSource
{
    private readonly Dictionary<string, long[]> _shapes = CheckpointLayout.Expected(checkpoint.Config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);

    public LlamaConfig Config => checkpoint.Config;

    public Matrix Norm(string name) => checkpoint.Tensors.Map(name);

    public Weight Weight(string name) => TypeOf(name) is { } type ? Quantized(name, type) : new DenseWeight(checkpoint.Tensors.Map(name));

    public long? CodeBytes(string name, bool isHost) => keepsQuantised && TypeOf(name) is { } type ? type.BytesOf(_shapes[name], isHost) : null;

    public long? PackedBytes(string name)
    {
        if (!keepsQuantised || TypeOf(name) is not { } type) return null;
        using QuantizedWeight mapped = Map(name, type);
        return PackedCodes.BytesOf(mapped);
    }

    public int? GroupSizeOf(string name) => keepsQuantised && TypeOf(name) is { } type ? type.GroupSizeOf((int)_shapes[name][1]) : null;

    public StoredWeight Stored(string name, ScalarType wanted)
    {
        (int outputs, int inputs) = ((int)_shapes[name][0], (int)_shapes[name][1]);
        if (TypeOf(name) is not { } type) return new StoredDense(checkpoint.Tensors.Range(name), outputs, inputs, TensorDtypes.Parse(checkpoint.Tensors.Entry(name).Dtype)!.Value.ToTorch(), wanted);
        if (!keepsQuantised) throw new ArgumentException("Model:Dtype widens weights that the files hold in codes, which cannot be done anew in each step. Leave it out, or raise Model:MemoryLimit.");
        IEnumerable<CheckpointLayout.ExpectedTensor> parts = QuantizedTensors.Of(new(name, _shapes[name]), type with { SplitsOutliers = false });
        StoredCodes codes = new(outputs, inputs, type.Bits, type.GroupSizeOf(inputs), [.. parts.Select(part => checkpoint.Tensors.Range(part.Name))]);
        return type.SplitsOutliers ? new StoredOutliers(codes, () => QuantizedTensors.MapColumns(checkpoint, name), outlierThreshold) : codes;
    }

    public void Release(string name)
    {
        if (TypeOf(name) is { } type) foreach (CheckpointLayout.ExpectedTensor part in QuantizedTensors.Of(new(name, _shapes[name]), type)) checkpoint.Tensors.Release(part.Name);
        else checkpoint.Tensors.Release(name);
    }

    public void Dispose() => checkpoint.Dispose();

    private QuantizedWeight Map(string name, QuantizationType type) => QuantizedTensors.Map(checkpoint, name, (int)_shapes[name][1], type);

    private QuantizationType? TypeOf(string name) => Config.Quantization?.TypeOf(name, Config.TieWordEmbeddings);

    private Weight Quantized(string name, QuantizationType type)
    {
        if (type.SplitsOutliers && !keepsQuantised) return QuantizedTensors.MapColumns(checkpoint, name).ToDense(); // which are what it was quantised from
        QuantizedWeight mapped = Map(name, type);
        if (keepsQuantised) return type.SplitsOutliers ? new OutlierWeight(mapped, QuantizedTensors.MapColumns(checkpoint, name), outlierThreshold) : mapped;
        using (mapped) return mapped.ToDense(dtype);
    }
}
