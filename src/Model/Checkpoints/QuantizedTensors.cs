using Llama.Model.Kernels;
using Llama.Model.Quantization;

namespace Llama.Model.Checkpoints;

/// <summary>How a quantised weight lies in a checkpoint: as in memory, in two or three tensors named after it, so that loading it is mapping them.</summary>
internal static class QuantizedTensors
{
    public const string CodesSuffix = ".codes", ScalesSuffix = ".scales", MinimaSuffix = ".minima";

    /// <summary>The tensors of one weight: codes U8 [outputs, row bytes], scales F32 [outputs, groups], and minima like them unless it is symmetric.</summary>
    public static IEnumerable<CheckpointLayout.ExpectedTensor> Of(CheckpointLayout.ExpectedTensor weight, QuantizationType type)
    {
        long outputs = weight.Shape[0];
        int inputs = (int)weight.Shape[1], groupSize = type.GroupSizeOf(inputs);
        long groups = (inputs + groupSize - 1) / groupSize;
        yield return new(weight.Name + CodesSuffix, [outputs, QuantizedWeight.RowBytes(inputs, type.Bits)], TensorDtype.U8);
        yield return new(weight.Name + ScalesSuffix, [outputs, groups], TensorDtype.F32);
        if (!type.IsSymmetric) yield return new(weight.Name + MinimaSuffix, [outputs, groups], TensorDtype.F32);
    }

    /// <summary>The weight on the mapped memory itself; see <see cref="Checkpoint.Map"/>.</summary>
    /// <param name="checkpoint">Verified.</param>
    /// <param name="name">Of the weight.</param>
    /// <param name="inputs">Its columns.</param>
    /// <param name="type">As its configuration says.</param>
    public static QuantizedWeight Map(Checkpoint checkpoint, string name, int inputs, QuantizationType type) => new(inputs, type.Bits, type.GroupSizeOf(inputs),
        checkpoint.Map(name + CodesSuffix), checkpoint.Map(name + ScalesSuffix), type.IsSymmetric ? null : checkpoint.Map(name + MinimaSuffix));

    /// <summary>Writes the tensors of one weight, which the file declares.</summary>
    public static void Write(SafetensorsWriter writer, string name, QuantizedWeight weight)
    {
        writer.Write(name + CodesSuffix, weight.Codes);
        writer.Write(name + ScalesSuffix, weight.Scales);
        if (weight.Minima is not null) writer.Write(name + MinimaSuffix, weight.Minima);
    }
}
