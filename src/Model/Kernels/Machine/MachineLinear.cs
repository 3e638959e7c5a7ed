namespace Llama.Model.Kernels.Machine;

/// <summary>Products by generated code. What is done to the input is done once for all projections whose weights have one format.</summary>
/// <param name="panelRows">From how many rows on packing the weights pays; <see cref="int.MaxValue"/> where a row's result must not depend on the others.</param>
internal sealed class MachineLinear(int panelRows)
{
    private readonly Bf16Input _bf16 = new();
    private readonly IntegerInput _integers = new();
    private readonly RowProducts _few = new();
    private readonly PanelProducts _many = new();

    /// <summary>Whether there is code for such a weight: bfloat16, or codes whose groups do not end within a register.</summary>
    public static bool Supports(Weight weight) => weight switch
    {
        DenseWeight dense => dense.Values.Dtype == TorchSharp.torch.ScalarType.BFloat16,
        QuantizedWeight codes => codes.GroupSize >= QuantizedWeight.Chunk || codes.Inputs % QuantizedWeight.Chunk == 0,
        _ => false,
    };

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        while (projections.Length > 0)
        {
            int count = 1;
            while (count < projections.Length && HaveOneFormat(projections[0].Weight, projections[count].Weight)) count++;
            RunOfOneFormat(input, projections[..count], add);
            projections = projections[count..];
        }
    }

    private void RunOfOneFormat(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        Weight weight = projections[0].Weight;
        if (input.Rows >= panelRows && Fit(projections)) _many.Run(_bf16.Pack(input, weight), projections, add);
        else if (weight is QuantizedWeight codes) _few.Run(_integers.Pack(input, codes), projections, add);
        else _few.Run(_bf16.Pack(input, weight), projections, add);
    }

    private static bool HaveOneFormat(Weight one, Weight other) => (one, other) switch
    {
        (QuantizedWeight a, QuantizedWeight b) => a.Bits == b.Bits && a.GroupSize == b.GroupSize && a.Minima is null == b.Minima is null,
        _ => one.GetType() == other.GetType(),
    };

    private static bool Fit(ReadOnlySpan<Projection> projections)
    {
        foreach (Projection projection in projections)
            if (!PanelProducts.Fits(projection.Weight)) return false;
        return true;
    }
}
