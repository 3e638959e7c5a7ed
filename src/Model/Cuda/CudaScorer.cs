using Llama.Model.Kernels;
using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>Log-probabilities of known tokens, on the device: what <see cref="TokenScorer"/> is on the host.</summary>
internal sealed unsafe class CudaScorer(CudaStream stream, SamplingKernels kernels, int maxRows) : ITokenScorer
{
    private readonly StagedBuffer _rows = new(stream, hosts: 1, (long)maxRows * sizeof(CudaSamplingRow));
    private readonly SamplingResults _results = new(stream, maxRows, buffers: 1);

    public void Score(List<ScoreRow> rows, int first, Matrix logits, Span<ScoredToken> scored)
    {
        if (scored.Length == 0) return;
        for (int i = 0; i < scored.Length; i++) Pack(rows[first + i], i);
        _rows.Upload(0, (long)scored.Length * sizeof(CudaSamplingRow));
        kernels.Score(_rows.Device, scored.Length, (nint)logits.Data, _results, buffer: 0);
        stream.Synchronize();
        for (int i = 0; i < scored.Length; i++) scored[i] = Read(rows[first + i], i);
    }

    public void Dispose()
    {
        _rows.Dispose();
        _results.Dispose();
    }

    private void Pack(in ScoreRow row, int i) => ((CudaSamplingRow*)_rows.Host(0))[i] = new CudaSamplingRow
    {
        Flags = CudaSamplingRow.Active | CudaSamplingRow.Logprobs,
        Token = row.TokenId,
        TopCount = Math.Min(row.TopCount, SamplingResults.MaxTop),
        Mask = -1,
    };

    private ScoredToken Read(in ScoreRow row, int i)
    {
        CudaSampledRow scored = _results.RowOf(0, i);
        if (!float.IsFinite(scored.Max)) return new ScoredToken(row.TokenId, 0, 0, [], SamplingException.Of(scored.Max));
        if (row.TopCount > SamplingResults.MaxTop) return new ScoredToken(row.TokenId, 0, 0, [], new ArgumentException($"{row.TopCount} alternatives are wanted; on CUDA it is at most {SamplingResults.MaxTop}."));
        return new ScoredToken(row.TokenId, scored.Logprob, scored.Rank, _results.TopOf(0, i));
    }
}
