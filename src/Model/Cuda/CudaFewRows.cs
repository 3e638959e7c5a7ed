using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>
/// Products with few rows, by <c>few_rows.cu</c> and <c>few_rows_codes.cu</c>: weights go from memory to registers at the memory's own rate, and the input is made in each block of what it is made of,
/// so that norms and gates take no time of their own. All launches can be captured.
/// </summary>
internal sealed class CudaFewRows(CudaStream stream)
{
    /// <summary>Most rows.</summary>
    public const int MostRows = 8;

    private const int Threads = 256, Warps = Threads / 32, Step = 256, BankElements = 32; // as in the sources
    private const int StaticBytes = 12 << 10; // of shared memory, at most
    private const int PrefetchBytes = 16 << 20; // of a launch: what the second-level cache keeps until it is asked for

    private readonly Dictionary<CudaFewRowsForm, CudaKernel> _kernels = [];

    /// <summary>Whether these products can be made so.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="projections">Of one form.</param>
    public bool Takes(int rows, ReadOnlySpan<Projection> projections)
    {
        CudaLinearFormat format = CudaLinearFormat.Of(projections[0].Weight);
        return rows <= MostRowsOf(format) && rows > 0 && SharedBytes(CudaFewRowsForm.RowsFor(rows), projections[0].Weight.Inputs) <= MostSharedBytes;
    }

    /// <summary>Begins to compile all that products with weights of this form can need.</summary>
    public void Prepare(CudaLinearFormat format)
    {
        foreach (CudaFewRowsForm form in CudaFewRowsForm.All(format, MostRowsOf(format))) Kernel(form);
    }

    /// <summary>output = input · weightᵀ for each of one to three projections with weights of one form, or output += when <paramref name="add"/>.</summary>
    public void Run(CudaFewRowsInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        Weight weight = projections[0].Weight;
        CudaFewRowsForm form = FormFor(input.Rows, projections);
        int shared = SharedBytes(form.Rows, weight.Inputs), tiles = 0;
        foreach (Projection projection in projections) tiles += Ceiling(projection.Weight.Outputs, form.Outputs);
        int perBlock = form.Format.IsCodes ? 1 : Warps, resident = Math.Clamp(MostSharedBytes / shared, 1, form.Resident);
        int blocks = Math.Min(Ceiling(tiles, perBlock), stream.Driver.Device.MultiprocessorCount * resident);
        int prefetched = PrefetchBytes / (blocks * Warps * (form.Format.IsCodes ? 1 : form.Outputs)) / 16 * 16, mode = CudaLinearOperand.ModeOf(projections[0].Output, add);
        LaunchShape shape = new(blocks, 1, 1, Threads, shared);
        CudaLinearOperand a = new(projections, 0), b = new(projections, 1), c = new(projections, 2);
        if (weight is CudaQuantizedWeight codes)
            Kernel(form).Launch(shape, input.First, input.Second, input.Epsilon, (int)input.Making, input.Rows, weight.Inputs, mode, prefetched, codes.GroupCount, codes.GroupShift,
                a.Weight, a.Scales, a.Output, a.Outputs, b.Weight, b.Scales, b.Output, b.Outputs, c.Weight, c.Scales, c.Output, c.Outputs);
        else
            Kernel(form).Launch(shape, input.First, input.Second, input.Epsilon, (int)input.Making, input.Rows, weight.Inputs, mode, prefetched,
                a.Weight, a.Output, a.Outputs, b.Weight, b.Output, b.Outputs, c.Weight, c.Output, c.Outputs);
    }

    private CudaFewRowsForm FormFor(int rows, ReadOnlySpan<Projection> projections)
    {
        CudaLinearFormat format = CudaLinearFormat.Of(projections[0].Weight);
        if (format.IsCodes) return new CudaFewRowsForm(format, CudaFewRowsForm.RowsFor(rows), CudaFewRowsForm.TileOutputs);
        long all = 0;
        bool isEven = true;
        foreach (Projection projection in projections)
        {
            all += projection.Weight.Outputs;
            isEven &= projection.Weight.Outputs % CudaFewRowsForm.MostOutputs == 0;
        }
        // Several outputs of a warp share what is read of the input; but every multiprocessor is to have work, and enough of it under way.
        bool isMany = isEven && all >= 2L * stream.Driver.Device.MultiprocessorCount * Warps * CudaFewRowsForm.MostOutputs;
        return new CudaFewRowsForm(format, CudaFewRowsForm.RowsFor(rows), isMany ? CudaFewRowsForm.MostOutputs : 1);
    }

    private CudaKernel Kernel(CudaFewRowsForm form)
    {
        if (!_kernels.TryGetValue(form, out CudaKernel? kernel))
            _kernels[form] = kernel = stream.Load(form.Unit).Kernel("few_rows", MostSharedBytes);
        return kernel;
    }

    private int MostSharedBytes => stream.Driver.Device.SharedMemoryPerBlock - StaticBytes;

    private static int MostRowsOf(CudaLinearFormat format) => format.Bits switch { 32 => 0, 16 => MostRows / 2, _ => MostRows };

    private static int SharedBytes(int rows, int inputs) => rows * (Ceiling(inputs, Step) * Step + BankElements) * 2;

    private static int Ceiling(int a, int b) => (a + b - 1) / b;
}
