namespace Llama.Model.Verification;

/// <summary>What <see cref="ModelOptions.Deterministic"/> promises: to the last bit the same alone, in company, however a prompt is cut, and after a prefix that was found.</summary>
/// <param name="load">Loads a model; tests put a broken one in its place.</param>
/// <param name="options">The device and how it is used.</param>
internal sealed class LawChecks(Func<ModelOptions, IModelRunner> load, ModelOptions options)
{
    private const int PromptTokens = 150, Length = 170;

    public IEnumerable<CheckResult> Run(RandomModel tiny, string dtype)
    {
        using SteppedModel model = new(load(options with { Path = tiny.Folder, Dtype = dtype, Deterministic = true, BlockCount = 256, MaxSequences = SteppedModel.MaxSequences }));
        string on = $"{tiny}, {dtype}";
        int[] prompt = [.. Prompt.Of(PromptTokens, model.VocabSize, seed: 1)];
        SteppedRow alone = model.Run(new SteppedRow(prompt), Length);
        yield return Law("alone and in company", () => InCompany(model, prompt));
        foreach (int chunk in new[] { 1, 16, 37 }) yield return Law($"in chunks of {chunk}", () => model.Run(new SteppedRow(prompt), Length, chunk));
        yield return Law("after a prefix that was found", () => model.Run(model.Share(alone, prompt, blocks: 4), Length));

        CheckResult Law(string name, Func<SteppedRow> run) => CheckResult.Of($"deterministic: {name}, readings that differ", on, 0, () => run().CountOther(alone));
    }

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
