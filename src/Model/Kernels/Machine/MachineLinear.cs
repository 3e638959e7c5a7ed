namespace Llama.Model.Kernels.Machine;

/// <summary>Products with bfloat16 weights by generated code. The input is rounded to bfloat16 once for all its projections.</summary>
/// <param name="panelRows">From how many rows on packing the weights pays; <see cref="int.MaxValue"/> where a row's result must not depend on the others.</param>
internal sealed class MachineLinear(int panelRows)
{
    private readonly PackedInput _input = new();
    private readonly RowProducts _few = new();
    private readonly PanelProducts _many = new();

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        _input.Pack(input);
        if (input.Rows >= panelRows && Fit(projections)) _many.Run(_input, projections, add);
        else _few.Run(_input, projections, add);
    }

    private static bool Fit(ReadOnlySpan<Projection> projections)
    {
        foreach (Projection projection in projections)
            if (!PanelProducts.Fits(projection.Weight)) return false;
        return true;
    }
}
