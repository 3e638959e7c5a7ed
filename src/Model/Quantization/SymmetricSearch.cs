namespace Llama.Model.Quantization;

/// <summary>
/// Finds the scale of a symmetric group that leaves the least squared error, as far as trying several cuts of its range tells: w ≈ scale · q, with q between −8 and 7 of 4 bits.
/// <para>
/// Plan: each candidate slope gives codes by rounding; given the codes, least squares gives the best scale, Σwq / Σq², and what it takes off Σw², (Σwq)² / Σq², less what is lost by how scales
/// are stored; the candidate that takes off most wins, and is refined by finding codes and scale in turn until that brings no more. Rounding over the whole range is among the candidates, so the result is never worse,
/// but for that loss.
/// </para>
/// </summary>
internal ref struct SymmetricSearch(ReadOnlySpan<float> values, int middle, ShortScale? stored)
{
    private const int Refinements = 3;

    // Codes between 0 and the extreme value. Eight bits round well enough; with four it pays to cut the extreme off, or to let the lowest code, which has no counterpart, take it.
    private static readonly float[] Reaches8 = [127], Reaches4 = [7, 7.2f, 7.4f, 7.6f, 7.8f, 8, 8.2f, 8.4f, 8.6f, 8.8f, 9];

    private readonly ReadOnlySpan<float> _values = values;
    private float _scale, _gain;

    /// <summary>The fit of a group.</summary>
    /// <param name="values">At most 2 in size, lest their squares overflow.</param>
    /// <param name="extreme">The one of largest size.</param>
    /// <param name="type">Of the codes.</param>
    /// <param name="stored">How scales are stored; null as they are.</param>
    public static GroupFit Run(ReadOnlySpan<float> values, float extreme, QuantizationType type, ShortScale? stored)
    {
        SymmetricSearch search = new(values, type.ZeroPoint, stored);
        foreach (float reach in type.Bits == 8 ? Reaches8 : Reaches4) search.Try(-reach / extreme);
        for (int i = 0; i < Refinements && search._scale != 0 && search.Try(1 / search._scale); i++) ;
        return new GroupFit(search._scale, search._scale * type.ZeroPoint);
    }

    private bool Try(float slope)
    {
        CodeSums sums = CodeSums.Of(_values, slope, 0, -middle, middle - 1);
        float best = sums.Products / sums.Squares, scale = stored?.Round(best) ?? best, lost = scale - best;
        float gain = sums.Products * sums.Products / sums.Squares - lost * lost * sums.Squares;
        if (!(gain > _gain)) return false;
        (_scale, _gain) = (scale, gain);
        return true;
    }
}
