using Llama.Model.Kernels;
using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>
/// Reads from a step what is wanted of prompts beside their continuation: log-probabilities of their own tokens, and sums of their hidden states. Takes as many rows
/// at once as the sampler's buffers hold, so that a long prompt needs no memory of its own.
/// </summary>
/// <param name="head">Of the model whose steps they are.</param>
/// <param name="scorer">For as many rows as the head takes; taken over.</param>
/// <param name="onHost">Brings hidden states to the processor.</param>
internal sealed unsafe class PromptReader(LlamaHead head, ITokenScorer scorer, HostRows onHost) : IDisposable
{
    private readonly int[] _rows = new int[head.MaxRows];

    /// <summary>Gives each token of <see cref="ForwardBatch.Scores"/> its log-probability, rank and alternatives; one whose logits are no numbers gets its <see cref="ScoredToken.Fault"/>.</summary>
    /// <param name="batch">The step that the model ran last.</param>
    /// <param name="scored">[scores]</param>
    public void Score(ForwardBatch batch, Span<ScoredToken> scored)
    {
        for (int first = 0; first < batch.Scores.Count; first += _rows.Length)
        {
            int count = Math.Min(_rows.Length, batch.Scores.Count - first);
            for (int i = 0; i < count; i++) _rows[i] = batch.Scores[first + i].TokenRow;
            scorer.Score(batch.Scores, first, head.Logits(_rows.AsSpan(0, count)), scored.Slice(first, count));
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
                Matrix hidden = head.Hidden(_rows.AsSpan(0, count));
                float* rows = onHost.Of(hidden);
                for (int i = 0; i < count; i++) Add(rows + (long)i * hidden.Columns, pool.Sum);
            }
    }

    public void Dispose() => scorer.Dispose();

    private static void Add(float* row, Span<float> sum)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += row[i];
    }
}
