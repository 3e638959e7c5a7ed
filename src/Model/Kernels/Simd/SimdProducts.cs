using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Kernels.Plain;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Simd;

/// <summary>
/// Which way a product goes. Where the processor has the instructions, generated code does all products; elsewhere they go through C# while the rows
/// are few, and through libtorch's blocked products, if it can be loaded, when they are many. What stands out of an input is taken off before and added behind, whichever way that is.
/// </summary>
/// <param name="deterministic">Whether all go the way for few rows, whose results do not depend on each other.</param>
/// <param name="machine">Generated code; null for none.</param>
internal sealed unsafe class SimdProducts<TLanes, TStored>(bool deterministic, MachineLinear? machine) where TLanes : struct, ILanes<TLanes> where TStored : unmanaged
{
    private readonly Lazy<PlainKernels?> _torch = new(() => TorchLibrary.TryLoad() ? new PlainKernels() : null); // where generated code does everything torch is never asked
    private readonly RowSwitch _switch = new(deterministic);
    private readonly OutlierInput _outliers = new();
    private readonly ScratchMemory _addresses = new();
    private Projection[] _codes = new Projection[4], _current = new Projection[4];

    /// <summary>Measures from how many rows on the way for many pays.</summary>
    public void Calibrate(LlamaWeights weights)
    {
        const int some = 4;
        Weight[] samples = [.. weights.Layers.Take(some).Select(layer => layer.Mlp.Gate).Concat(weights.Layers.Take(some).Select(layer => layer.Mlp.Down)).Select(OutlierWeight.CodesOf).Where(HasTwoWays)];
        _switch.Measure(samples, (rows, weight, isMany) =>
        {
            using Matrix input = HostMemory.Instance.Empty(rows, weight.Inputs, ScalarType.Float32), output = HostMemory.Instance.Empty(rows, weight.Outputs, ScalarType.Float32);
            new Span<float>(input.Data, rows * weight.Inputs).Fill(1);
            Run(input, [new(weight, output)], add: false, isMany);
        }, TimeProvider.System);
    }

    /// <summary>What there is and when it is used, for the start-up lines.</summary>
    public string Describe(LlamaWeights? weights) =>
        (machine is null ? "" : " with generated " + MachineCode.InstructionSets + " code") + (weights is null ? "" : $", products {Describe(OutlierWeight.CodesOf(weights.Layers[0].Mlp.Gate))}");

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        projections = Current(projections);
        while (projections.Length > 0)
        {
            int count = 1;
            while (count < projections.Length && projections[0].Weight.HasFormatOf(projections[count].Weight)) count++;
            if (projections[0].Weight is OutlierWeight split) RunSplit(input, projections[..count], add, split.Threshold);
            else Run(input, projections[..count], add, _switch.IsMany(input.Rows, projections[0].Weight));
            projections = projections[count..];
        }
    }

    // Each with the form that its weight has now: that of one that is being packed changes between two products only.
    private ReadOnlySpan<Projection> Current(ReadOnlySpan<Projection> projections)
    {
        if (_current.Length < projections.Length) _current = new Projection[projections.Length];
        for (int i = 0; i < projections.Length; i++) _current[i] = projections[i] with { Weight = PackingWeight.CurrentOf(projections[i].Weight) };
        return _current.AsSpan(0, projections.Length);
    }

    private static bool HasTwoWays(Weight weight) => weight is DenseWeight or QuantizedWeight or PackedCodes { Form.PaysInPanels: true };

    private string Describe(Weight weight)
    {
        string packed = weight is PackedWeight or PackedCodes or PackingWeight ? "of packed weights" : "", ways = HasTwoWays(weight) ? _switch.Describe(weight) : "";
        return string.Join(", ", new[] { packed, ways }.Where(part => part.Length > 0));
    }

    private void RunSplit(Matrix input, ReadOnlySpan<Projection> projections, bool add, float threshold)
    {
        if (_codes.Length < projections.Length) _codes = new Projection[projections.Length];
        for (int i = 0; i < projections.Length; i++) _codes[i] = projections[i] with { Weight = OutlierWeight.CodesOf(projections[i].Weight) };
        bool any = _outliers.TakeOut(input, threshold);
        Run(input, _codes.AsSpan(0, projections.Length), add, _switch.IsMany(input.Rows, _codes[0].Weight));
        if (!any) return;
        _outliers.PutBack();
        nint* addresses = (nint*)_addresses.Get((long)_outliers.ColumnCount * sizeof(nint));
        foreach (Projection projection in projections) SimdOutliers<TLanes>.Add(_outliers, ((OutlierWeight)projection.Weight).Columns, addresses, projection.Output);
    }

    private void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add, bool isMany)
    {
        if (machine is not null && MachineLinear.Supports(projections[0].Weight)) machine.Run(input, projections, add, isMany);
        else foreach (Projection projection in projections) Multiply(input, projection, add, isMany);
    }

    private void Multiply(Matrix input, Projection projection, bool add, bool isMany)
    {
        PlainKernels? torch = isMany ? _torch.Value : null;
        switch (projection.Weight)
        {
            case QuantizedWeight codes when torch is not null: SimdQuantizedLinear<TLanes>.RunTorch(input, codes, projection.Output, add); break;
            case QuantizedWeight codes: SimdQuantizedLinear<TLanes>.Run(input, codes, projection.Output, add); break;
            case var dense when torch is not null && add: torch.LinearAdd(input, dense, projection.Output); break;
            case var _ when torch is not null: torch.Linear(input, [projection]); break;
            default: SimdLinear<TLanes, TStored>.Run(input, ((DenseWeight)projection.Weight).Values, projection.Output, add); break;
        }
    }
}
