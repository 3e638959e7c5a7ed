using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>
/// How a quantised weight lies in a checkpoint: as in memory, in two or three tensors named after it, so that loading it is mapping them. Where outliers are split off, its columns follow in 16 bits,
/// one after the other, of which only those in use are ever read.
/// </summary>
internal static class QuantizedTensors
{
    public const string CodesSuffix = ".codes", ScalesSuffix = ".scales", MinimaSuffix = ".minima", ColumnsSuffix = ".columns";

    /// <summary>The tensors of one weight: codes U8 [outputs, row bytes], scales F32 [outputs, groups], minima like them unless it is symmetric; columns BF16 [inputs, outputs].</summary>
    public static IEnumerable<CheckpointLayout.ExpectedTensor> Of(CheckpointLayout.ExpectedTensor weight, QuantizationType type)
    {
        long outputs = weight.Shape[0];
        int inputs = (int)weight.Shape[1], groupSize = type.GroupSizeOf(inputs);
        long groups = (inputs + groupSize - 1) / groupSize;
        yield return new(weight.Name + CodesSuffix, [outputs, QuantizedWeight.RowBytes(inputs, type.Bits)], TensorDtype.U8);
        yield return new(weight.Name + ScalesSuffix, [outputs, groups], TensorDtype.F32);
        if (!type.IsSymmetric) yield return new(weight.Name + MinimaSuffix, [outputs, groups], TensorDtype.F32);
        if (type.SplitsOutliers) yield return new(weight.Name + ColumnsSuffix, [inputs, outputs], TensorDtype.BF16);
    }

    /// <summary>The codes on the mapped memory itself; see <see cref="MappedTensors.Map"/>.</summary>
    /// <param name="checkpoint">Verified.</param>
    /// <param name="name">Of the weight.</param>
    /// <param name="inputs">Its columns.</param>
    /// <param name="type">As its configuration says.</param>
    public static QuantizedWeight Map(Checkpoint checkpoint, string name, int inputs, QuantizationType type) => new(inputs, type.Bits, type.GroupSizeOf(inputs),
        checkpoint.Tensors.Map(name + CodesSuffix), checkpoint.Tensors.Map(name + ScalesSuffix), type.IsSymmetric ? null : checkpoint.Tensors.Map(name + MinimaSuffix));

    /// <summary>The columns on the mapped memory.</summary>
    /// <param name="checkpoint">Verified.</param>
    /// <param name="name">Of the weight.</param>
    public static MappedColumns MapColumns(Checkpoint checkpoint, string name) => new(checkpoint.Tensors.Map(name + ColumnsSuffix));

    /// <summary>Writes the tensors of one weight, which the file declares.</summary>
    public static void Write(SafetensorsWriter writer, string name, QuantizedWeight weight)
    {
        writer.Write(name + CodesSuffix, weight.Codes);
        writer.Write(name + ScalesSuffix, weight.Scales);
        if (weight.Minima is not null) writer.Write(name + MinimaSuffix, weight.Minima);
    }

    /// <summary>Writes the columns of one weight, which the file declares.</summary>
    /// <param name="writer">Of the file.</param>
    /// <param name="name">Of the weight.</param>
    /// <param name="rows">The weight on the host, in floating point. Taken over.</param>
    public static void WriteColumns(SafetensorsWriter writer, string name, Matrix rows)
    {
        using Matrix narrow = HostMemory.Instance.Place(rows, ScalarType.BFloat16), columns = Transposition.Of(narrow);
        writer.Write(name + ColumnsSuffix, columns);
    }
}
