using static TorchSharp.torch;

namespace Llama.Model.Kernels.Outliers;

/// <summary>
/// A weight in codes whose columns are at hand in bfloat16 too, as in LLM.int8() (Dettmers et al. 2022, section 3.2): a product multiplies the elements of an input row that stand out, |x| ≥ threshold,
/// with those columns, and all others with the codes. Which do is decided row by row, so that a row's result never depends on the others.
/// </summary>
/// <param name="codes">Of all columns. Taken over.</param>
/// <param name="columns">In bfloat16. Taken over.</param>
/// <param name="threshold">Above 0.</param>
internal sealed class OutlierWeight(QuantizedWeight codes, OutlierColumns columns, float threshold) : Weight(codes.Outputs, codes.Inputs)
{
    /// <summary>The paper's threshold.</summary>
    public const float DefaultThreshold = 6;

    /// <summary>[outputs, inputs]</summary>
    public QuantizedWeight Codes { get; } = codes;

    public OutlierColumns Columns { get; } = columns;

    /// <summary>From what size on an element of the input stands out.</summary>
    public float Threshold { get; } = threshold;

    /// <summary>Bytes of the codes; the columns in use are few.</summary>
    public override long ByteCount => Codes.ByteCount;

    public override bool OwnsMemory => Codes.OwnsMemory;

    /// <summary>In codes, or in their place.</summary>
    public static Weight CodesOf(Weight weight) => weight is OutlierWeight split ? split.Codes : weight;

    /// <summary>As the codes say: an embedding has no input that could stand out.</summary>
    public override Tensor Widen(Tensor? rows = null) => Codes.Widen(rows);

    public override bool HasFormatOf(Weight other) => other is OutlierWeight split && split.Threshold == Threshold && split.Codes.HasFormatOf(Codes);

    public override void Dispose()
    {
        Codes.Dispose();
        Columns.Dispose();
    }
}
