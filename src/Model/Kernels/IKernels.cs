namespace Llama.Model.Kernels;

/// <summary>
/// Everything a layer does, as the one seam between the model's text and the machine. Activations are float32 matrices of [tokens, …]; weights and cache
/// have the model's type. <see cref="Plain.PlainKernels"/> says in torch operations what each must compute; the others are tested against it.
/// </summary>
internal interface IKernels
{
    /// <summary>Measures on this machine which of several ways of multiplying pays when; before the first step, and only where there are several.</summary>
    void Calibrate(LlamaWeights weights) { }

    /// <summary>What they are, for the start-up lines.</summary>
    /// <param name="weights">Those they were calibrated for, if they were.</param>
    string Describe(LlamaWeights? weights = null);

    /// <summary>Bytes that a step takes within itself and gives back, beside the intermediate results, at most; 0 where that is next to nothing.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="tokens">Of the step.</param>
    /// <param name="context">Tokens of its longest sequence.</param>
    long ScratchBytes(LlamaConfig config, int tokens, int context) => 0;

    /// <summary>A step begins, whose batch the following calls are given; what is needed of it by every layer can be laid out once.</summary>
    void Begin(ForwardBatch batch) { }

    /// <summary>cache[target] = cache[source], block by block, in the order of <see cref="ForwardBatch.Copies"/>: a block may be target of one and source of a later one.</summary>
    void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache);

    /// <summary>output[t] = table[tokenIds[t] − firstToken]; zeros where the table has no such row.</summary>
    /// <param name="table">[tokens of it, hidden]</param>
    /// <param name="firstToken">Whose row is the table's first.</param>
    void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken = 0);

    /// <summary>output = input / √(mean(input²) + epsilon) · weight, row by row (Zhang and Sennrich 2019, equation 4).</summary>
    /// <param name="weight">[1, hidden] float32</param>
    void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output);

    /// <summary>output = input · weightᵀ for each of the projections.</summary>
    /// <param name="input">[tokens, inputs]</param>
    /// <param name="projections">What to multiply it with; together, because what is done to the input is then done once.</param>
    void Linear(Matrix input, ReadOnlySpan<Projection> projections);

    /// <summary>residual += input · weightᵀ</summary>
    /// <param name="weight">[outputs, inputs]</param>
    void LinearAdd(Matrix input, Weight weight, Matrix residual);

    /// <summary>Rotates queries (in place) and keys by their positions and writes keys and values to their slots of the cache.</summary>
    /// <param name="queries">[tokens, heads · headDim]</param>
    /// <param name="keys">[tokens, kvHeads · headDim]; left in an unspecified state.</param>
    /// <param name="values">[tokens, kvHeads · headDim]</param>
    void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache);

    /// <summary>Causal attention of each token over its sequence's blocks up to its own position.</summary>
    /// <param name="queries">[tokens, heads · headDim]</param>
    /// <param name="output">[tokens, heads · headDim]</param>
    void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output);

    /// <summary>gate = silu(gate) · up, element by element (SwiGLU, Shazeer 2020).</summary>
    void SiluMultiply(Matrix gate, Matrix up);

    /// <summary><see cref="RmsNorm"/> and <see cref="Linear"/> of its result.</summary>
    /// <param name="normed">[tokens, hidden]; left in an unspecified state.</param>
    void NormLinear(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections) => this.NormLinearInSteps(input, weight, epsilon, normed, projections);

    /// <summary><see cref="NormLinear"/> of a gate and of what it gates, and <see cref="SiluMultiply"/> of their results, into the gate's.</summary>
    /// <param name="normed">[tokens, hidden]; left in an unspecified state, as the output of <paramref name="up"/> is.</param>
    void NormGated(Matrix input, Matrix weight, float epsilon, Matrix normed, Projection gate, Projection up) => this.NormGatedInSteps(input, weight, epsilon, normed, gate, up);

    /// <summary><see cref="NormLinear"/> into queries, keys and values, and <see cref="RotateAndStore"/> of those.</summary>
    /// <param name="normed">[tokens, hidden]; left in an unspecified state, as the outputs for keys and values are.</param>
    /// <param name="projections">Into queries, keys and values.</param>
    void NormRotated(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        this.NormRotatedInSteps(input, weight, epsilon, normed, projections, rope, batch, shape, cache);

    /// <summary>Logits of the whole vocabulary where several devices have some of their columns each; else they are whole already.</summary>
    /// <param name="logits">[rows, tokens of this device]</param>
    /// <returns>[rows, vocab], on the first device.</returns>
    Matrix Gather(Matrix logits) => logits;

    /// <summary>output[i] = input[rows[i]]</summary>
    void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output);
}
