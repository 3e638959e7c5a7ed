using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>What comes behind the layers of a model: those rows of a step from which something is read, the final norm, the product to logits.</summary>
internal sealed class LlamaHead : IDisposable
{
    private readonly LlamaWeights _weights;
    private readonly IKernels _kernels;
    private readonly float _epsilon;
    private readonly Matrix _read; // [rows, hidden] of the residual, of those rows that go on behind the last attention
    private readonly Matrix _rows, _hidden, _logits; // [rows, …] of the residual, behind the final norm, behind the head
    private readonly int[] _sampleRows; // of the last step, among the rows that went on
    private Matrix _residual = null!; // of the rows that went on; see TakeRead

    /// <summary>Allocates for so many rows.</summary>
    /// <param name="weights">With final norm and head; stay the caller's.</param>
    /// <param name="kernels">That work on them.</param>
    /// <param name="memory">Where everything lies; stays the caller's.</param>
    /// <param name="maxRows">Most rows whose logits are wanted at once.</param>
    /// <param name="dtype">Of what is multiplied with the head.</param>
    public LlamaHead(LlamaWeights weights, IKernels kernels, DeviceMemory memory, int maxRows, ScalarType dtype)
    {
        LlamaConfig config = weights.Config;
        (_weights, _kernels, _epsilon, _sampleRows) = (weights, kernels, (float)config.RmsNormEpsilon, new int[maxRows]);
        _read = memory.Empty(maxRows, config.HiddenSize, ScalarType.Float32);
        _rows = memory.Empty(maxRows, config.HiddenSize, ScalarType.Float32);
        _hidden = dtype == ScalarType.Float32 ? _rows : memory.Empty(maxRows, config.HiddenSize, dtype);
        _logits = memory.Empty(maxRows, config.VocabSize, ScalarType.Float32);
    }

    /// <summary>Bytes that it allocates.</summary>
    public static long BytesOf(LlamaConfig config, int maxRows, ScalarType dtype) =>
        Matrix.BytesOf(maxRows, 2L * config.HiddenSize + config.VocabSize, ScalarType.Float32) + (dtype == ScalarType.Float32 ? 0 : Matrix.BytesOf(maxRows, config.HiddenSize, dtype));

    /// <summary>Most rows that <see cref="Hidden"/> and <see cref="Logits(ReadOnlySpan{int})"/> take at once.</summary>
    public int MaxRows => _sampleRows.Length;

    /// <summary>
    /// Takes on a step behind the attention of the last layer, from where on a row matters only if something is read from it, of a prompt its end: the rows that go on, on which the rest of the layer is
    /// computed in place. Rows are taken once in a step.
    /// </summary>
    /// <param name="batch">The step.</param>
    /// <param name="residual">[tokens, hidden] float32</param>
    public Matrix TakeRead(ForwardBatch batch, Matrix residual)
    {
        Span<int> rows = _sampleRows.AsSpan(0, batch.SampleCount);
        for (int i = 0; i < rows.Length; i++) rows[i] = batch.Samples[i].TokenRow;
        if (rows.Length >= batch.TokenCount || batch.Scores.Count + batch.Pools.Count > 0) return _residual = residual;
        _residual = _read.Take(rows.Length);
        if (rows.Length > 0) _kernels.TakeRows(residual, rows, _residual);
        for (int i = 0; i < rows.Length; i++) rows[i] = i;
        return _residual;
    }

    /// <summary>Logits of the sample rows of the step that was taken on last: [samples, vocab] float32, good until the next call.</summary>
    public Matrix Logits(ForwardBatch batch) => Logits(_sampleRows.AsSpan(0, batch.SampleCount));

    /// <summary>Logits of some of its token rows: [rows, vocab] float32, good until the next call.</summary>
    public Matrix Logits(ReadOnlySpan<int> tokenRows)
    {
        Matrix logits = _logits.Take(tokenRows.Length);
        if (tokenRows.Length == 0) return logits; // a step of prompt chunks alone
        _kernels.NormLinear(Residual(tokenRows), _weights.FinalNorm!, _epsilon, _hidden.Take(tokenRows.Length), [new(_weights.UseHead(), logits)]);
        return _kernels.Gather(logits);
    }

    /// <summary>Some of its token rows behind the last layer and the final norm: [rows, hidden], good until the next call.</summary>
    public Matrix Hidden(ReadOnlySpan<int> tokenRows)
    {
        Matrix hidden = _hidden.Take(tokenRows.Length);
        _kernels.RmsNorm(Residual(tokenRows), _weights.FinalNorm!, _epsilon, hidden);
        return hidden;
    }

    public void Dispose()
    {
        _read.Dispose();
        _rows.Dispose();
        if (_hidden != _rows) _hidden.Dispose();
        _logits.Dispose();
    }

    private Matrix Residual(ReadOnlySpan<int> tokenRows)
    {
        if (AreFirst(tokenRows)) return _residual.Take(tokenRows.Length); // those of a decode step
        Matrix rows = _rows.Take(tokenRows.Length);
        _kernels.TakeRows(_residual, tokenRows, rows);
        return rows;
    }

    private static bool AreFirst(ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] != i) return false;
        return true;
    }
}
