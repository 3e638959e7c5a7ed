namespace Llama.Model.Verification;

/// <summary>Whole models on the device against the same weights computed by the reference on the CPU.</summary>
/// <param name="load">Loads a model; tests put a broken one in its place.</param>
/// <param name="options">The device and how it is used.</param>
/// <param name="reference">The reference's <see cref="ModelOptions.Kernels"/>.</param>
internal sealed class ModelChecks(Func<ModelOptions, IModelRunner> load, ModelOptions options, string reference)
{
    private const int NewTokens = 16;

    /// <summary>Log-probabilities of a prompt, whole and in chunks, and of an answer.</summary>
    /// <param name="name">Of the model.</param>
    /// <param name="path">Its checkpoint.</param>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="dtype">As <see cref="ModelOptions.Dtype"/>.</param>
    /// <param name="kvDtype">As <see cref="ModelOptions.KvDtype"/>.</param>
    /// <param name="tolerance">Of the type.</param>
    public CheckResult Logprobs(string name, string path, int promptTokens, string dtype, string kvDtype, double tolerance) =>
        CheckResult.Of("log-probabilities", $"{name}, {dtype}{(kvDtype == "auto" ? "" : $", {kvDtype} cache")}", tolerance, () =>
        {
            ModelOptions fast = Of(path, dtype, kvDtype);
            // The answer is the reference's, so that both read the same tokens to its end.
            SteppedRow expected = Run(fast with { Device = "cpu", Kernels = reference, Deterministic = false }, new SteppedRow([]), promptTokens, chunk: int.MaxValue);
            return new[] { int.MaxValue, 37 }.Max(chunk => Run(fast, new SteppedRow(expected.Tokens.SkipLast(1)), promptTokens, chunk).DifferenceTo(expected));
        });

    /// <summary>The same greedy text in float32, token for token.</summary>
    public CheckResult Text(string name, string path, int promptTokens) => CheckResult.Of("greedy text, tokens that differ", $"{name}, float32", 0, () =>
    {
        ModelOptions fast = Of(path, "float32", "auto");
        SteppedRow expected = Run(fast with { Device = "cpu", Kernels = reference, Deterministic = false }, new SteppedRow([]), promptTokens, chunk: int.MaxValue);
        return Run(fast, new SteppedRow([]), promptTokens, chunk: int.MaxValue).CountOtherTokens(expected);
    });

    private ModelOptions Of(string path, string dtype, string kvDtype) => options with { Path = path, Dtype = dtype, KvDtype = kvDtype, BlockCount = 256, MaxSequences = SteppedModel.MaxSequences };

    private SteppedRow Run(ModelOptions with, SteppedRow row, int promptTokens, int chunk)
    {
        using SteppedModel model = new(load(with));
        if (row.Tokens.Count == 0) row.Tokens.AddRange(Prompt.Of(promptTokens, model.VocabSize, seed: 1));
        return model.Run(row, promptTokens + NewTokens, chunk);
    }
}
