using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Sampling;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>
/// Reads from a step what is wanted of prompts beside their continuation: log-probabilities of their own tokens, and sums of their hidden states. Takes as many rows
/// at once as the sampler's buffers hold, so that a long prompt needs no memory of its own.
/// </summary>
internal sealed unsafe class PromptReader(LlamaModel model, int vocabSize, bool onCpu)
{
    private readonly TokenScorer _scorer = new(vocabSize, model.MaxRows);
    private readonly int[] _rows = new int[model.MaxRows];

    /// <summary>Gives each token of <see cref="ForwardBatch.Scores"/> its log-probability, rank and alternatives; one whose logits are no numbers gets its <see cref="ScoredToken.Fault"/>.</summary>
    /// <param name="batch">The step that the model ran last.</param>
    /// <param name="scored">[scores]</param>
    public void Score(ForwardBatch batch, Span<ScoredToken> scored)
    {
        for (int first = 0; first < batch.Scores.Count; first += _rows.Length)
        {
            int count = Math.Min(_rows.Length, batch.Scores.Count - first);
            for (int i = 0; i < count; i++) _rows[i] = batch.Scores[first + i].TokenRow;
            Matrix logits = model.Logits(_rows.AsSpan(0, count));
            using Tensor? copy = CopyToHost(logits);
            _scorer.Score(batch.Scores, first, Floats(logits, copy), scored.Slice(first, count));
        }
    }

    /// <summary>Adds the hidden states that <see cref="ForwardBatch.Pools"/> asks for to their sums, row by row in float32.</summary>
    /// <param name="batch">The step that the model ran last.</param>
    public void Pool(ForwardBatch batch)
    {
        foreach (PoolRow pool in batch.Pools)
            for (int done = 0; done < pool.RowCount; done += _rows.Length)
            {
                int count = Math.Min(_rows.Length, pool.RowCount - done);
                for (int i = 0; i < count; i++) _rows[i] = pool.FirstRow + done + i;
                Matrix hidden = model.Hidden(_rows.AsSpan(0, count));
                using Tensor? copy = CopyToHost(hidden);
                for (int i = 0; i < count; i++) Add(Floats(hidden, copy) + (long)i * hidden.Columns, pool.Sum);
            }
    }

    private static void Add(float* row, Span<float> sum)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += row[i];
    }

    private Tensor? CopyToHost(Matrix matrix) => onCpu ? null : matrix.Tensor.cpu();

    private static float* Floats(Matrix matrix, Tensor? onHost) => onHost is null ? matrix.Floats : (float*)TensorMemory.Data(onHost);
}
