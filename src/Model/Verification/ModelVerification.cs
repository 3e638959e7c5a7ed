using Llama.Model.Torch;

namespace Llama.Model.Verification;

/// <summary>
/// Checks on this machine, on the device that the options name, that what is fast says what the reference says: single kernels, whole small models of random weights in every type, the
/// model that the options name, and the laws of deterministic mode. The reference is plain torch on the CPU; where there is no libtorch, C# that computes one number at a time.
/// </summary>
public static class ModelVerification
{
    private const long SmallModel = 300_000_000; // parameters of a model whose text is compared in float32 too

    /// <summary>What everything is compared with, in words; loads libtorch if that is to be had.</summary>
    /// <param name="options">As for loading.</param>
    public static string Reference(ModelOptions options) => KernelsOf(options) == "plain" ? "plain torch on the CPU" : "scalar C# on the CPU (there is no libtorch)";

    /// <summary>Makes the checks one by one. Call on a thread that keeps what torch is set to.</summary>
    /// <param name="options">As for loading. Its own model is checked too.</param>
    public static IEnumerable<CheckResult> Run(ModelOptions options) => Run(options, ModelRunner.Load);

    /// <inheritdoc cref="Run(ModelOptions)" />
    /// <param name="options">As for loading.</param>
    /// <param name="load">Loads a model.</param>
    internal static IEnumerable<CheckResult> Run(ModelOptions options, Func<ModelOptions, IModelRunner> load)
    {
        ModelOptions usual = options with { Kernels = "fused", Deterministic = false, ContextLength = null, MaxBatchTokens = null };
        ModelChecks models = new(load, usual, KernelsOf(options));
        LawChecks laws = new(load, usual);
        foreach (LlamaConfig shape in RandomModel.Shapes)
        {
            using RandomModel tiny = new(shape);
            foreach ((string dtype, string kvDtype, double tolerance) in Types) yield return models.Logprobs($"{tiny}", tiny.Folder, 150, dtype, kvDtype, tolerance);
            yield return models.Text($"{tiny}", tiny.Folder, 150);
            foreach (string dtype in new[] { "bfloat16", "float32", "int8", "int4" })
                foreach (CheckResult law in laws.Run(tiny, dtype)) yield return law;
        }
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Path));
        yield return models.Logprobs(name, options.Path, 64, options.Dtype, options.KvDtype, Types.Max(type => type.Tolerance));
        if (LlamaConfig.Load(options.Path).ParameterCount < SmallModel) yield return models.Text(name, options.Path, 64);
    }

    // Weights and KV cache, and how far rounding activations to the type of the products, or the cache, may take a result.
    private static readonly (string Dtype, string KvDtype, double Tolerance)[] Types =
    [
        ("float32", "auto", 1e-4), ("bfloat16", "auto", 1e-2), ("int8", "auto", 1e-2), ("int4", "auto", 1e-2), ("bfloat16", "int8", 1e-2), ("float32", "int8", 1e-2),
    ];

    private static string KernelsOf(ModelOptions options)
    {
        TorchLibrary.Choose(options.LibTorch);
        return TorchLibrary.TryLoad() ? "plain" : "scalar";
    }
}
