using Llama.Model.Backends;
using Llama.Model.Torch;

namespace Llama.Model.Verification;

/// <summary>
/// Checks on this machine, on the device that the options name, that what is fast says what the reference says: single kernels, whole small models of random weights in every type, the
/// model that the options name, and the laws of deterministic mode. The reference is plain torch on the CPU; where there is no libtorch that fits, C# that computes one number at a time.
/// </summary>
public static class ModelVerification
{
    private const long SmallModel = 300_000_000; // parameters of a model whose text is compared in float32 too

    /// <summary>What everything is compared with, in words; loads libtorch if that is to be had.</summary>
    /// <param name="options">As for loading.</param>
    public static string Reference(ModelOptions options) => KernelsOf(options) == "plain" ? "plain torch on the CPU" : "scalar C# on the CPU (there is no libtorch that fits)";

    /// <summary>What is not checked since the devices do not do it: the form of weights and why, one line each.</summary>
    /// <param name="options">As for loading.</param>
    /// <exception cref="ArgumentException">A setting does not fit the machine; with the remedy.</exception>
    public static IReadOnlyList<string> LeftOut(ModelOptions options) => LeftOut(BackendChoice.AllOf(Usual(options)));

    /// <inheritdoc cref="LeftOut(ModelOptions)" />
    internal static IReadOnlyList<string> LeftOut(IReadOnlyList<BackendChoice> devices) =>
        [.. CheckedTypes.All.Where(types => types.FaultOn(devices) is not null).Select(types => $"{types.Dtype} left out: {types.FaultOn(devices)}")];

    /// <summary>Makes the checks one by one. Call on a thread that keeps what torch is set to.</summary>
    /// <param name="options">As for loading. Its own model is checked too.</param>
    /// <exception cref="ArgumentException">A setting does not fit the machine; with the remedy.</exception>
    public static IEnumerable<CheckResult> Run(ModelOptions options)
    {
        ModelOptions usual = Usual(options);
        ModelChecks models = new(ModelRunner.Load, usual, KernelsOf(options));
        LawChecks laws = new(ModelRunner.Load, usual);
        IReadOnlyList<CheckedTypes> types = CheckedTypes.On(BackendChoice.AllOf(usual));
        return RunKernels(options).Concat(RandomModel.Shapes.SelectMany(shape => OfRandom(shape, types, models, laws))).Concat(OfOwn(options, models));
    }

    /// <summary>Those of single kernels alone.</summary>
    /// <inheritdoc cref="Run" />
    public static IEnumerable<CheckResult> RunKernels(ModelOptions options)
    {
        ModelOptions usual = Usual(options);
        return new KernelSuite(KernelSuite.SideOf, usual, KernelsOf(options), CheckedTypes.On(BackendChoice.AllOf(usual)), RandomModel.Shapes).Run();
    }

    private static ModelOptions Usual(ModelOptions options) => options with { Kernels = "fused", Deterministic = false, ContextLength = null, MaxBatchTokens = null };

    private static IEnumerable<CheckResult> OfRandom(LlamaConfig shape, IReadOnlyList<CheckedTypes> types, ModelChecks models, LawChecks laws)
    {
        using RandomModel model = new(shape);
        foreach ((string dtype, string kvDtype, double tolerance) in types) yield return models.Logprobs($"{model}", model.Folder, 150, dtype, kvDtype, tolerance);
        yield return models.Text($"{model}", model.Folder, 150);
        foreach (string dtype in new[] { "bfloat16", "float32", "int8", "int4" }) yield return laws.Run(model, dtype);
    }

    private static IEnumerable<CheckResult> OfOwn(ModelOptions options, ModelChecks models)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Path));
        yield return models.Logprobs(name, options.Path, 64, options.Dtype, options.KvDtype, CheckedTypes.All.Max(types => types.Tolerance));
        if (LlamaConfig.Load(options.Path).ParameterCount < SmallModel) yield return models.Text(name, options.Path, 64);
    }

    private static string KernelsOf(ModelOptions options)
    {
        TorchFolder.Choose(options.LibTorch);
        return TorchLibrary.TryLoad() && TorchLibrary.Warnings.Count == 0 ? "plain" : "scalar"; // what may not fit may end the process
    }
}
