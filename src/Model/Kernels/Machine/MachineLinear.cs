using static TorchSharp.torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>Products by generated code. What is done to the input is done once for all projections.</summary>
/// <param name="usesTileRegisters">Whether to use them.</param>
internal sealed class MachineLinear(bool usesTileRegisters)
{
    private readonly Bf16Input _bf16 = new();
    private readonly IntegerInput _integers = new();
    private readonly RowProducts _few = new();
    private readonly PanelProducts _many = new(PanelTiles.Of(usesTileRegisters));
    private readonly PackedProducts _packed = new(PanelTiles.Of(usesTileRegisters));
    private readonly PackedCodeProducts _packedCodes = new();
    private readonly AmxCodeProducts _codesOnTiles = new();

    /// <summary>By all that there is here.</summary>
    public MachineLinear() : this(MachineCode.HasTileRegisters)
    {
    }

    /// <summary>Whether there is code for such a weight: floating point, or codes whose groups do not end within a register.</summary>
    public static bool Supports(Weight weight) => weight switch
    {
        DenseWeight or PackedWeight or PackedCodes => true,
        QuantizedWeight codes => codes.GroupSize >= QuantizedWeight.Chunk || codes.Inputs % QuantizedWeight.Chunk == 0,
        _ => false,
    };

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="projections">With weights of one format.</param>
    /// <param name="add">Whether to add.</param>
    /// <param name="isMany">Whether packing the weights into panels pays, where they are not packed already or would be read faster so. If not, a row's result does not depend on the others.</param>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add, bool isMany)
    {
        Weight weight = projections[0].Weight;
        if (weight is PackedWeight) _packed.Run(_bf16.Pack(input, weight), projections, add);
        else if (weight is PackedCodes packed && !(isMany && packed.Form.PaysInPanels)) RunCodes(input, packed.Form, projections, add);
        else if (weight is DenseWeight { Values.Dtype: ScalarType.Float32 }) _few.Run(Whole(input), projections, add);
        else if (isMany && Fit(projections)) _many.Run(_bf16.Pack(input, weight), projections, add);
        else if (weight is QuantizedWeight codes) _few.Run(_integers.Pack(input, codes), projections, add);
        else _few.Run(_bf16.Pack(input, weight), projections, add);
        GC.KeepAlive(this); // whose scratch memory is known by its addresses alone meanwhile
    }

    private void RunCodes(Matrix input, CodeUnit form, ReadOnlySpan<Projection> projections, bool add)
    {
        bool onTiles = usesTileRegisters && AmxCodeProducts.Pays(input.Rows, form);
        RowInput integers = _integers.Pack(input, form, isNatural: onTiles);
        if (onTiles) _codesOnTiles.Run(integers, projections, add);
        else _packedCodes.Run(integers, projections, add);
    }

    // With nothing to round there is nothing to prepare.
    private static unsafe RowInput Whole(Matrix input) => new()
    {
        Data = (byte*)input.Data,
        Stride = input.Columns * sizeof(float),
        Rows = input.Rows,
        Inputs = input.Columns,
        ElementBytes = sizeof(float),
    };

    private static bool Fit(ReadOnlySpan<Projection> projections)
    {
        foreach (Projection projection in projections)
            if (!PanelProducts.Fits(projection.Weight)) return false;
        return true;
    }
}
