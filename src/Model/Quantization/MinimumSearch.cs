namespace Llama.Model.Quantization;

/// <summary>
/// The same as <see cref="SymmetricSearch"/> for groups that have a minimum beside their scale: w ≈ scale · q − minimum, with q from 0 to 15 of 4 bits. Scale and minimum are those of the
/// straight line through the points (q, w) with the least squared error.
/// </summary>
internal ref struct MinimumSearch(ReadOnlySpan<float> values, float sum, int highest)
{
    private const int Refinements = 3;

    // Codes over the whole range, and by how much its middle is moved: more than 15 cuts off the ends.
    private static readonly float[] Spans = [15, 15.5f, 16, 16.5f, 17, 17.5f, 18], Shifts = [0, -0.35f, 0.35f];

    private readonly ReadOnlySpan<float> _values = values;
    private float _gain; // what the line takes off the values' variance
    private GroupFit _best;

    /// <summary>The fit of a group.</summary>
    /// <param name="values">At most 2 in size, lest their squares overflow.</param>
    /// <param name="low">The least of them.</param>
    /// <param name="high">The largest of them.</param>
    /// <param name="type">Of the codes.</param>
    public static GroupFit Run(ReadOnlySpan<float> values, float low, float high, QuantizationType type)
    {
        float sum = 0, middle = (type.CodeCount - 1) / 2f, center = (low + high) / 2;
        foreach (float value in values) sum += value;
        MinimumSearch search = new(values, sum, type.CodeCount - 1);
        foreach (float span in Spans)
            foreach (float shift in Shifts) search.Try(span / (high - low), middle + shift - center * span / (high - low));
        for (int i = 0; i < Refinements && search.Try(1 / search._best.Scale, search._best.Minimum / search._best.Scale); i++) ;
        return search._best;
    }

    private bool Try(float slope, float offset)
    {
        CodeSums sums = CodeSums.Of(_values, slope, offset, 0, highest);
        float count = _values.Length, covariance = count * sums.Products - sum * sums.Codes, variance = count * sums.Squares - sums.Codes * sums.Codes;
        float gain = covariance * covariance / variance;
        if (!(gain > _gain)) return false;
        float scale = covariance / variance;
        (_best, _gain) = (new GroupFit(scale, (scale * sums.Codes - sum) / count), gain);
        return true;
    }
}
