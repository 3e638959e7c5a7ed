using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>
/// Products with few rows, by <c>few_rows.cu</c>: as fast as weights come from memory, and the norm before a product and the gate behind it are part of it. All launches can be captured.
/// </summary>
internal sealed unsafe class CudaFewRows(CudaStream stream)
{
    private const int Gated = 3, Rotated = 4; // Modes of operands.cuh

    private readonly Dictionary<CudaFewRowsForm, CudaKernel> _kernels = [];

    private CudaDevice Device => stream.Driver.Device;

    /// <summary>Whether <see cref="Run(CudaFewRowsInput, ReadOnlySpan{Projection}, bool)"/> can make these products.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="projections">Their weights are of one form.</param>
    /// <param name="hasNorm">Whether the input is to be normalised.</param>
    public bool Takes(int rows, ReadOnlySpan<Projection> projections, bool hasNorm) => FormFor(rows, projections, hasNorm, hasPartners: false) is not null;

    /// <summary>Whether <see cref="RunGated"/> can, of an input that is to be normalised.</summary>
    public bool TakesGated(int rows, ReadOnlySpan<Projection> gateAndUp) => gateAndUp[0].Weight.Outputs == gateAndUp[1].Weight.Outputs && FormFor(rows, gateAndUp, hasNorm: true, hasPartners: true) is not null;

    /// <summary>Whether <see cref="RunRotated"/> can, of an input that is to be normalised.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="projections">Into queries, keys and values.</param>
    /// <param name="headDim">Elements of a head.</param>
    public bool TakesRotated(int rows, ReadOnlySpan<Projection> projections, int headDim) =>
        headDim % (2 * CudaFewRowsForm.ItemOutputs(CudaLinearFormat.Of(projections[0].Weight))) == 0 && FormFor(rows, projections, hasNorm: true, hasPartners: true) is not null;

    /// <summary>Begins to compile all that products with weights of this form can need.</summary>
    public void Prepare(CudaLinearFormat format)
    {
        foreach (CudaFewRowsForm form in CudaFewRowsForm.All(format, Device.SharedMemoryPerBlock)) Kernel(form);
    }

    /// <summary>output = input · weightᵀ for each of one to three projections that it <see cref="Takes"/>, or output += when <paramref name="add"/>.</summary>
    public void Run(CudaFewRowsInput input, ReadOnlySpan<Projection> projections, bool add) => Run(input, projections, CudaLinearOperand.ModeOf(projections[0].Output, add), default);

    /// <summary>gate.Output = silu(input · gate.Weightᵀ) · (input · up.Weightᵀ), where it <see cref="TakesGated"/>; bfloat16.</summary>
    public void RunGated(CudaFewRowsInput input, Projection gate, Projection up) => Run(input, [gate, up], Gated, default);

    /// <summary>Products into queries, keys and values, of which queries and keys are rotated and keys and values written into the cache, where it <see cref="TakesRotated"/>.</summary>
    /// <param name="input">Their input.</param>
    /// <param name="projections">Into queries [rows, heads · headDim], and the cache's keys and values; bfloat16.</param>
    /// <param name="rotation">By what, and where to.</param>
    public void RunRotated(CudaFewRowsInput input, ReadOnlySpan<Projection> projections, CudaRotation rotation) => Run(input, projections, Rotated, rotation);

    private void Run(CudaFewRowsInput input, ReadOnlySpan<Projection> projections, int mode, CudaRotation rotation)
    {
        Weight weight = projections[0].Weight;
        int rows = input.Values.Rows;
        bool hasNorm = input.Norm is not null, hasPartners = mode is Gated or Rotated;
        CudaFewRowsForm form = FormFor(rows, projections, hasNorm, hasPartners) ?? throw new ArgumentException("There is no kernel for so many rows and inputs.");
        (int items, int blocks, int outputs) = Share(projections, hasPartners);
        CudaLinearOperand a = new(projections, 0), b = new(projections, 1), c = new(projections, 2);
        (int groups, int groupShift) = weight is CudaQuantizedWeight codes ? (codes.GroupCount, codes.GroupShift) : (0, 0);
        int shared = Math.Max(form.SharedBytes(rows, weight.Inputs, hasNorm, outputs), Device.SharedMemoryPerBlock / 2 + 1); // lest two of the next kernel's blocks share a multiprocessor and another has none
        Kernel(form).Launch(new LaunchShape(blocks, 1, 1, CudaFewRowsForm.Threads, shared),
            input.Values.Data, hasNorm ? input.Norm!.Data : null, input.Epsilon, rows, weight.Inputs, mode, items / blocks, items % blocks, form.Ahead(hasNorm), groups, groupShift,
            a.Weight, a.Scales, a.Output, a.Outputs, b.Weight, b.Scales, b.Output, b.Outputs, c.Weight, c.Scales, c.Output, c.Outputs,
            rotation.Cosines, rotation.Sines, rotation.Positions, rotation.Slots, rotation.HeadDim / 2, rotation.BlockSize);
    }

    // Items that are made without their partners, in a block for each multiprocessor, and how many outputs a block makes at most. Half of all have a partner in the other half, or none has.
    private (int Items, int Blocks, int Outputs) Share(ReadOnlySpan<Projection> projections, bool hasPartners)
    {
        int size = CudaFewRowsForm.ItemOutputs(CudaLinearFormat.Of(projections[0].Weight)), items = 0;
        foreach (Projection projection in projections) items += (projection.Weight.Outputs + size - 1) / size;
        if (hasPartners) items /= 2;
        int blocks = Math.Min(items, Device.MultiprocessorCount);
        return (items, blocks, (items + blocks - 1) / blocks * size * (hasPartners ? 2 : 1));
    }

    private CudaFewRowsForm? FormFor(int rows, ReadOnlySpan<Projection> projections, bool hasNorm, bool hasPartners)
    {
        Weight weight = projections[0].Weight;
        return CudaFewRowsForm.For(CudaLinearFormat.Of(weight), rows, weight.Inputs, hasNorm, Share(projections, hasPartners).Outputs, Device.SharedMemoryPerBlock);
    }

    private CudaKernel Kernel(CudaFewRowsForm form)
    {
        if (!_kernels.TryGetValue(form, out CudaKernel? kernel)) _kernels[form] = kernel = stream.Load(form.Unit).Kernel("few_rows", Device.SharedMemoryPerBlock - form.StaticBytes);
        return kernel;
    }
}
