namespace Llama.Model.Verification;

/// <summary>What <see cref="ModelOptions.Deterministic"/> promises: to the last bit the same alone, in company, however a prompt is cut, and after a prefix that was found.</summary>
/// <param name="load">Loads a model; tests put a broken one in its place.</param>
/// <param name="options">The device and how it is used.</param>
internal sealed class LawChecks(Func<ModelOptions, IModelRunner> load, ModelOptions options)
{
    private const int PromptTokens = 150, Length = 170;

    /// <summary>All of them: how many readings differ from those of the sequence alone.</summary>
    public CheckResult Run(RandomModel tiny, string dtype) => CheckResult.Of("bit for bit alone, in company, in chunks, after a found prefix", $"{tiny}, {dtype}", 0, () =>
    {
        using SteppedModel model = new(load(options with { Path = tiny.Folder, Dtype = dtype, Deterministic = true, BlockCount = 256, MaxSequences = SteppedModel.MaxSequences }));
        int[] prompt = [.. Prompt.Of(PromptTokens, model.VocabSize, seed: 1)];
        SteppedRow alone = model.Run(new SteppedRow(prompt), Length);
        SteppedRow[] others =
        [
            InCompany(model, prompt), .. new[] { 1, 16, 37 }.Select(chunk => model.Run(new SteppedRow(prompt), Length, chunk)), model.Run(model.Share(alone, prompt, blocks: 4), Length),
        ];
        return others.Sum(other => other.CountOther(alone));
    });

    // Others come, at lengths of their own, while it reads its prompt and draws.
    private static SteppedRow InCompany(SteppedModel model, int[] prompt)
    {
        SteppedRow row = new(prompt);
        SteppedRow[] others = [.. Enumerable.Range(2, 5).Select(seed => new SteppedRow(Prompt.Of(13 * seed, model.VocabSize, seed)))];
        for (int step = 0; row.Tokens.Count < Length; step++)
            model.Step([.. others.Take(step % (others.Length + 1)).Append(row).Select(one => (one, Math.Min(one == row ? 50 : 9, one.Tokens.Count - one.Computed)))]);
        return row;
    }
}
