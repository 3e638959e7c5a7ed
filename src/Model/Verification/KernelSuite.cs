using Llama.Model.Backends;
using Llama.Model.Threads;

namespace Llama.Model.Verification;

/// <summary>The checks of single kernels, each over all shapes and told by the worst of them.</summary>
/// <param name="side">Makes kernels for a model of some shape, with options whose device, types and kernels are set.</param>
/// <param name="options">The device and how it is used.</param>
/// <param name="reference">The reference's <see cref="ModelOptions.Kernels"/>.</param>
/// <param name="types">That the device can work with.</param>
/// <param name="shapes">Of the models that the kernels are used as by.</param>
internal sealed class KernelSuite(Func<ModelOptions, LlamaConfig, KernelSide> side, ModelOptions options, string reference, IReadOnlyList<CheckedTypes> types, IReadOnlyList<LlamaConfig> shapes)
{
    private const string AnyCodes = "int8"; // who multiplies with these does with those of files

    public IEnumerable<CheckResult> Run()
    {
        foreach ((string dtype, string kvDtype, double tolerance) in types)
        {
            bool hasOwnWeights = kvDtype == "auto", hasOwnCache = !dtype.StartsWith("int", StringComparison.Ordinal);
            foreach (CheckResult result in Worst(dtype, kvDtype, checks =>
                [.. hasOwnWeights && hasOwnCache ? checks.Elementwise(tolerance) : [], .. hasOwnWeights ? checks.Products(tolerance) : [], .. hasOwnCache ? checks.Attention(tolerance) : []]))
                yield return result;
        }
        if (types.FirstOrDefault(each => each.Dtype == AnyCodes) is { Dtype: not null } codes)
            foreach (CheckResult result in Worst(codes.Dtype, codes.KvDtype, checks => [.. checks.FileProducts(codes.Tolerance)])) yield return result;
    }

    /// <summary>The kernels that loading would choose.</summary>
    public static KernelSide SideOf(ModelOptions options, LlamaConfig config)
    {
        WeightFormat format = WeightFormat.Parse(options.Dtype);
        IBackend backend = BackendChoice.Of(options).Create(format.Dtype, options.Deterministic);
        StepSize size = new(KernelChecks.MaxTokens, KernelChecks.MaxTokens, config.ContextLength, KernelChecks.BlockSize);
        return new KernelSide(backend, backend.CreateKernels(config, size, KvCache.DtypeOf(options.KvDtype, format.Dtype)));
    }

    private IEnumerable<CheckResult> Worst(string dtype, string kvDtype, Func<KernelChecks, CheckResult[]> run)
    {
        ModelOptions fast = options with { Dtype = dtype, KvDtype = kvDtype };
        using RunnerThread thread = new(options.Threads ?? Environment.ProcessorCount);
        return [.. shapes.SelectMany(shape => Run(fast, shape, run)).GroupBy(result => result.Check).Select(kernel => kernel.MaxBy(Badness)!)];
    }

    private CheckResult[] Run(ModelOptions fast, LlamaConfig shape, Func<KernelChecks, CheckResult[]> run)
    {
        using KernelSide ours = side(fast, shape);
        using KernelSide theirs = SideOf(fast with { Device = "cpu", Kernels = reference }, shape);
        return run(new KernelChecks(ours, theirs, shape, fast.Dtype, KvCache.DtypeOf(fast.KvDtype, WeightFormat.Parse(fast.Dtype).Dtype)));
    }

    private static double Badness(CheckResult result) => double.IsNaN(result.Error) ? double.PositiveInfinity : result.Error;
}
