using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>
/// Products with few rows, by <c>few_rows.cu</c> and <c>few_rows_codes.cu</c>: weights go from memory to registers, as fast as the memory is, and the norm before a product is part of it. All launches can
/// be captured.
/// </summary>
internal sealed unsafe class CudaFewRows(CudaStream stream)
{
    private const int Threads = 256, Step = 256, BankElements = 32; // as in the sources
    private const int BlockBytes = 1 << 10; // of shared memory, that the driver takes for itself of each block

    private readonly Dictionary<CudaFewRowsForm, CudaKernel> _kernels = [];

    /// <summary>Whether these products can be made so.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="weight">One of the weights, which are of one form.</param>
    /// <param name="hasNorm">Whether the input is to be normalised.</param>
    public bool Takes(int rows, Weight weight, bool hasNorm)
    {
        CudaLinearFormat format = CudaLinearFormat.Of(weight);
        return rows > 0 && rows <= CudaFewRowsForm.MostRows(format) && SharedBytes(CudaFewRowsForm.RowsFor(rows), weight.Inputs, hasNorm) <= MostSharedBytes(new CudaFewRowsForm(format, CudaFewRowsForm.RowsFor(rows), true, true));
    }

    /// <summary>Begins to compile all that products with weights of this form can need.</summary>
    public void Prepare(CudaLinearFormat format)
    {
        foreach (CudaFewRowsForm form in CudaFewRowsForm.All(format)) Kernel(form);
    }

    /// <summary>Whether <see cref="RunGated"/> can be called where <see cref="Takes"/> says yes.</summary>
    public bool TakesGate(int rows, Projection gate, Projection up) => FormFor(rows, [gate, up], isGated: true).IsBroad && gate.Weight.Outputs == up.Weight.Outputs;

    /// <summary>output = input · weightᵀ for each of one to three projections with weights of one form, or output += when <paramref name="add"/>.</summary>
    public void Run(CudaFewRowsInput input, ReadOnlySpan<Projection> projections, bool add) => Run(FormFor(input.Values.Rows, projections), input, projections, add);

    /// <summary>gate.Output = silu(input · gate.Weightᵀ) · (input · up.Weightᵀ)</summary>
    public void RunGated(CudaFewRowsInput input, Projection gate, Projection up) => Run(FormFor(input.Values.Rows, [gate, up], isGated: true), input, [gate, up], add: false);

    private void Run(CudaFewRowsForm form, CudaFewRowsInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        Weight weight = projections[0].Weight;
        int shared = SharedBytes(form.Rows, weight.Inputs, input.Norm is not null), blocks = 0;
        foreach (Projection projection in projections) blocks += (projection.Weight.Outputs + form.BlockOutputs - 1) / form.BlockOutputs;
        int resident = Math.Clamp((stream.Driver.Device.SharedMemoryPerBlock + BlockBytes) / (shared + form.StaticBytes + BlockBytes), 1, form.Resident);
        LaunchShape shape = new(Math.Min(blocks, stream.Driver.Device.MultiprocessorCount * resident), 1, 1, Threads, shared);
        void* norm = input.Norm is null ? null : input.Norm.Data;
        int mode = CudaLinearOperand.ModeOf(projections[0].Output, add);
        CudaLinearOperand a = new(projections, 0), b = new(projections, 1), c = new(projections, 2);
        if (weight is CudaQuantizedWeight codes)
            Kernel(form).Launch(shape, input.Values.Data, norm, input.Epsilon, input.Values.Rows, weight.Inputs, mode, codes.GroupCount, codes.GroupShift,
                a.Weight, a.Scales, a.Output, a.Outputs, b.Weight, b.Scales, b.Output, b.Outputs, c.Weight, c.Scales, c.Output, c.Outputs);
        else
            Kernel(form).Launch(shape, input.Values.Data, norm, input.Epsilon, input.Values.Rows, weight.Inputs, mode,
                a.Weight, a.Output, a.Outputs, b.Weight, b.Output, b.Outputs, c.Weight, c.Output, c.Outputs);
    }

    private CudaFewRowsForm FormFor(int rows, ReadOnlySpan<Projection> projections, bool isGated = false)
    {
        Span<int> outputs = stackalloc int[projections.Length];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = projections[i].Weight.Outputs;
        return CudaFewRowsForm.For(CudaLinearFormat.Of(projections[0].Weight), rows, outputs, stream.Driver.Device.MultiprocessorCount, isGated);
    }

    private CudaKernel Kernel(CudaFewRowsForm form)
    {
        if (!_kernels.TryGetValue(form, out CudaKernel? kernel)) _kernels[form] = kernel = stream.Load(form.Unit).Kernel("few_rows", MostSharedBytes(form));
        return kernel;
    }

    private int MostSharedBytes(CudaFewRowsForm form) => stream.Driver.Device.SharedMemoryPerBlock - form.StaticBytes;

    private static int SharedBytes(int rows, int inputs, bool hasNorm) => rows * ((inputs + Step - 1) / Step * Step + BankElements) * 2 + (hasNorm ? inputs * sizeof(float) : 0);
}
