using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Verification;

/// <summary>Each kernel on both sides with the same numbers, as a model of some shape uses it: for one row, as in decoding, and for several and many.</summary>
/// <param name="fast">What is checked.</param>
/// <param name="reference">What it is compared with.</param>
/// <param name="config">The model's shape.</param>
/// <param name="dtype">Weights, as the setting <c>Model:Dtype</c> spells them.</param>
/// <param name="kvDtype">Cache.</param>
internal sealed class KernelChecks(KernelSide fast, KernelSide reference, LlamaConfig config, string dtype, ScalarType kvDtype)
{
    /// <summary>Most tokens in a step of these checks.</summary>
    public const int MaxTokens = 160;

    /// <summary>Tokens of a block.</summary>
    public const int BlockSize = 16;

    private static readonly int[] RowCounts = [1, 2, 7, 33, MaxTokens];

    private readonly WeightFormat _format = WeightFormat.Parse(dtype);
    private readonly AttentionShape _shape = AttentionShape.Of(config, BlockSize);

    private string Shape => $"{config.HiddenSize} → {config.IntermediateSize}, {config.HeadCount} heads over {config.KvHeadCount} of {config.HeadDim}";

    /// <summary>Kernels that know neither weights nor cache.</summary>
    /// <param name="tolerance">Of results that were rounded to the type of activations.</param>
    public IEnumerable<CheckResult> Elementwise(double tolerance)
    {
        yield return Over("RMSNorm", RowCounts, tolerance, (side, rows) => Apply(side.Empty(rows, config.HiddenSize), output =>
            side.Kernels.RmsNorm(side.Floats(rows, config.HiddenSize, 1), side.Floats(1, config.HiddenSize, 2), 1e-5f, output)));
        yield return Over("SiLU", RowCounts, tolerance, (side, rows) => Apply(side.Activations(rows, config.IntermediateSize, 1, scale: 4), gate =>
            side.Kernels.SiluMultiply(gate, side.Activations(rows, config.IntermediateSize, 2))));
        yield return Over("rows", [1, 3], tolerance, (side, rows) => Apply(side.EmptyFloats(rows, config.HiddenSize), output =>
            side.Kernels.TakeRows(side.Floats(9, config.HiddenSize, 1), [.. new[] { 8, 0, 5 }.Take(rows)], output)));
    }

    /// <summary>Kernels that read weights.</summary>
    /// <param name="tolerance">Of results that were rounded to the type of activations.</param>
    public IEnumerable<CheckResult> Products(double tolerance)
    {
        yield return Over($"embedding, {dtype}", RowCounts, tolerance, Embed);
        yield return Over($"product, {dtype}", RowCounts, tolerance, (side, rows) => Linear(side, rows, config.HiddenSize, config.IntermediateSize));
        yield return Over($"norm, products and gate, {dtype}", RowCounts, tolerance, Gate);
        yield return Over($"product to logits, {dtype}", RowCounts, tolerance, Logits);
        yield return Over($"product added, {dtype}", RowCounts, tolerance, (side, rows) => Apply(side.Floats(rows, config.HiddenSize, 3), residual =>
            side.Kernels.LinearAdd(side.Activations(rows, config.IntermediateSize, 1), side.Weight(_format, config.HiddenSize, config.IntermediateSize, 2), residual)));
    }

    /// <summary>Products with weights as GGUF files have them, of each type whose blocks fill the rows.</summary>
    /// <param name="tolerance">Of results that were rounded to the type of activations.</param>
    public IEnumerable<CheckResult> FileProducts(double tolerance) =>
        from format in BlockFormat.All
        where config.HiddenSize % format.Type.Elements == 0
        select Over($"product, {format.Type.Name}", RowCounts, tolerance, (side, rows) => Apply(side.Empty(rows, config.IntermediateSize), output =>
            side.Kernels.Linear(side.Activations(rows, config.HiddenSize, 1), [new(side.Weight(format, config.IntermediateSize, config.HiddenSize, 2), output)])));

    /// <summary>Kernels that read and write the cache.</summary>
    /// <param name="tolerance">Of results that were rounded to the type of activations.</param>
    public IEnumerable<CheckResult> Attention(double tolerance)
    {
        string cache = $"{kvDtype.ToString().ToLowerInvariant()} cache, {dtype}";
        yield return Over($"RoPE and attention, {cache}", [1, 3, 20], tolerance, (side, fresh) => Attend(side, fresh, copies: false));
        double codes = kvDtype == ScalarType.Int8 ? 1.0 / 127 : 0; // what is rounded differently before it may become the neighbouring code
        yield return Over($"norm, products, RoPE and attention, {cache}", [1, 2, 7], tolerance + codes, AttendFromProducts);
        yield return Over($"copied blocks, {cache}", [1], tolerance, (side, fresh) => Attend(side, fresh, copies: true));
    }

    private CheckResult Over(string kernel, int[] counts, double tolerance, Func<KernelSide, int, Matrix> run) => CheckResult.Of(kernel, Shape, tolerance, () => counts.Max(count => Difference(run, count)));

    private double Difference(Func<KernelSide, int, Matrix> run, int count)
    {
        float[] actual = fast.Read(run(fast, count)), expected = reference.Read(run(reference, count));
        fast.Clear();
        reference.Clear();
        return expected.Zip(actual, (one, other) => Math.Abs(one - other)).Aggregate(0f, Math.Max) / expected.Max(Math.Abs); // NaN if any is
    }

    private Matrix Embed(KernelSide side, int rows)
    {
        ForwardBatch batch = new(rows, 1, 1) { TokenCount = rows };
        for (int t = 0; t < rows; t++) batch.TokenIds[t] = t * 37 % config.VocabSize;
        side.Begin(batch);
        return Apply(side.EmptyFloats(rows, config.HiddenSize), output => side.Kernels.Embed(side.Table(_format, config.VocabSize, config.HiddenSize, 1), batch, output));
    }

    // Two together and a third of another height, as queries, keys and values are.
    private Matrix Linear(KernelSide side, int rows, int inputs, int outputs)
    {
        Matrix input = side.Activations(rows, inputs, 1), first = side.Empty(rows, outputs), second = side.Empty(rows, outputs), third = side.Empty(rows, config.KvHeadCount * config.HeadDim);
        side.Kernels.Linear(input, [new(side.Weight(_format, outputs, inputs, 2), first), new(side.Weight(_format, outputs, inputs, 3), second), new(side.Weight(_format, third.Columns, inputs, 4), third)]);
        side.Kernels.SiluMultiply(first, second); // so that one result tells of both
        return rows % 2 == 0 ? third : first; // each in some of the heights
    }

    private Matrix Gate(KernelSide side, int rows)
    {
        (int inputs, int outputs) = (config.HiddenSize, config.IntermediateSize);
        Projection gate = new(side.Weight(_format, outputs, inputs, 3), side.Empty(rows, outputs)), up = new(side.Weight(_format, outputs, inputs, 4), side.Empty(rows, outputs));
        side.Kernels.NormGated(side.Floats(rows, inputs, 1), side.Floats(1, inputs, 2), 1e-5f, side.Empty(rows, inputs), gate, up);
        return gate.Output;
    }

    private Matrix Logits(KernelSide side, int rows) => Apply(side.EmptyFloats(rows, config.VocabSize), output =>
        side.Kernels.Linear(side.Activations(rows, config.HiddenSize, 1), [new(side.Weight(_format, config.VocabSize, config.HiddenSize, 2), output)]));

    // Sequences written whole, then read by the last tokens of each.
    private Matrix Attend(KernelSide side, int fresh, bool copies)
    {
        PagedSteps steps = new(BlockSize, [1, 16, 33, 110], config.ContextLength / BlockSize);
        KvLayer cache = side.Cache(steps.BlockCount, _shape, kvDtype);
        RopeTable rope = side.Rope(config);
        Write(side, steps.Whole(), rope, cache);
        ForwardBatch last = copies ? steps.LastOfCopies() : steps.Last(fresh);
        side.Begin(last);
        if (copies) side.Kernels.CopyBlocks(last, _shape, cache);
        int columns = config.HeadCount * config.HeadDim;
        return Apply(side.Empty(last.TokenCount, columns), output => side.Kernels.Attend(side.Activations(last.TokenCount, columns, 4, scale: 3), last, _shape, cache, output));
    }

    // A sequence's first tokens, whose queries, keys and values come from products.
    private Matrix AttendFromProducts(KernelSide side, int rows)
    {
        PagedSteps steps = new(BlockSize, [rows], config.ContextLength / BlockSize);
        ForwardBatch batch = steps.Whole();
        KvLayer cache = side.Cache(steps.BlockCount, _shape, kvDtype);
        (int inputs, int wide, int narrow) = (config.HiddenSize, config.HeadCount * config.HeadDim, config.KvHeadCount * config.HeadDim);
        Projection[] projections = [.. new[] { wide, narrow, narrow }.Select((outputs, i) => new Projection(side.Weight(_format, outputs, inputs, 3 + i), side.Empty(rows, outputs)))];
        side.Begin(batch);
        side.Kernels.NormRotated(side.Floats(rows, inputs, 1), side.Floats(1, inputs, 2), 1e-5f, side.Empty(rows, inputs), projections, side.Rope(config), batch, _shape, cache);
        return Apply(side.Empty(rows, wide), output => side.Kernels.Attend(projections[0].Output, batch, _shape, cache, output));
    }

    private void Write(KernelSide side, ForwardBatch batch, RopeTable rope, KvLayer cache)
    {
        side.Begin(batch);
        Matrix queries = side.Activations(batch.TokenCount, config.HeadCount * config.HeadDim, 1);
        Matrix keys = side.Activations(batch.TokenCount, config.KvHeadCount * config.HeadDim, 2), values = side.Activations(batch.TokenCount, config.KvHeadCount * config.HeadDim, 3);
        side.Kernels.RotateAndStore(queries, keys, values, rope, batch, _shape, cache);
    }

    private static Matrix Apply(Matrix matrix, Action<Matrix> apply)
    {
        apply(matrix);
        return matrix;
    }
}
