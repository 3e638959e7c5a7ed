using Llama.Model.Kernels.Outliers;

namespace Llama.Model.Kernels;

/// <summary>Where the rows of a weight lie: addresses of the first, or where it would be if only others are there.</summary>
internal readonly unsafe struct WeightRows(byte* values, float* scales, float* minima)
{
    /// <summary>Elements, or codes.</summary>
    public byte* Values { get; } = values;

    /// <summary>Of codes; else null.</summary>
    public float* Scales { get; } = scales;

    /// <summary>Of codes that have minima of their own; else null.</summary>
    public float* Minima { get; } = minima;

    /// <summary>Those of a weight in memory, row by row.</summary>
    public static WeightRows Of(Weight weight) => OutlierWeight.CodesOf(weight) switch
    {
        QuantizedWeight codes => new WeightRows((byte*)codes.Codes.Data, codes.Scales.Floats, codes.Minima is null ? null : codes.Minima.Floats),
        var dense => new WeightRows((byte*)((DenseWeight)dense).Values.Data, null, null),
    };
}
