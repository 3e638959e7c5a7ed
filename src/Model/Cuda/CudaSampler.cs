using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>
/// Draws the tokens of a step on the device, as <see cref="StepSampler"/> does on the host: the same tokens from the same logits, but where a draw falls within rounding of the border between two.
/// A step goes through <see cref="Prepare"/>, which may come before its forward pass is enqueued; <see cref="AskGuides"/>, best while it runs; <see cref="Enqueue"/>; and, when the
/// stream got there, <see cref="Read(int, int)"/>. The next step may be prepared before, with the other buffer.
/// </summary>
internal sealed class CudaSampler : IDisposable
{
    private const int Buffers = 2;

    private readonly SamplingKernels _kernels;
    private readonly SamplingUpload _upload;
    private readonly SamplingResults _results;
    private readonly Exception?[][] _faults = new Exception?[Buffers][]; // [buffers][samples]
    private readonly bool[][] _wantsLogprobs = new bool[Buffers][]; // [buffers][samples]
    private ForwardBatch _batch = null!;
    private int _buffer;

    /// <summary>Allocates for the largest step.</summary>
    /// <param name="stream">Where everything goes.</param>
    /// <param name="kernels">For this vocabulary and as many rows.</param>
    /// <param name="vocabSize">Columns of the logits.</param>
    /// <param name="maxRows">Most samples of a step.</param>
    public CudaSampler(CudaStream stream, SamplingKernels kernels, int vocabSize, int maxRows)
    {
        _kernels = kernels;
        _upload = new SamplingUpload(stream, vocabSize, maxRows, kernels.MaskBytes, Buffers);
        _results = new SamplingResults(stream, maxRows, Buffers);
        for (int i = 0; i < Buffers; i++) (_faults[i], _wantsLogprobs[i]) = (new Exception?[maxRows], new bool[maxRows]);
    }

    /// <summary>[samples] int32 on the device: the tokens drawn last, from which a following step can take its input.</summary>
    public nint Tokens => _results.Tokens;

    /// <summary>Packs and sends all that does not depend on guides.</summary>
    /// <param name="batch">The step; must stay as it is until its draws are enqueued.</param>
    /// <param name="buffer">0 or 1; what was prepared with it before was read.</param>
    public void Prepare(ForwardBatch batch, int buffer = 0)
    {
        (_batch, _buffer) = (batch, buffer);
        _upload.Begin(batch, buffer);
        for (int i = 0; i < batch.SampleCount; i++)
            if (!_upload.TryRepeat(batch.Samples[i], i)) Pack(i);
        _upload.SendRows();
    }

    /// <summary>Asks the guides of the prepared step and sends what they allow. One that throws fails its row.</summary>
    public void AskGuides()
    {
        if (!_upload.HasMasks) return;
        for (int i = 0; i < _batch.SampleCount; i++)
        {
            if (_faults[_buffer][i] is not null) continue;
            try
            {
                _upload.PackMask(_batch.Samples[i], i);
            }
            catch (Exception fault) // whatever a guide throws concerns this row's sequence alone
            {
                _faults[_buffer][i] = fault;
            }
        }
        _upload.SendMasks();
    }

    /// <summary>Enqueues the draws.</summary>
    /// <param name="logits">Address on the device of [samples, vocab] float32, in the order of the sample rows. Overwritten.</param>
    public void Enqueue(nint logits)
    {
        (int rows, SamplingNeeds needs) = (_batch.SampleCount, _upload.Needs);
        if (needs.HasFlag(SamplingNeeds.Logprobs)) _kernels.Score(_upload.Rows, rows, logits, _results, _buffer);
        if (needs.HasFlag(SamplingNeeds.Edits)) _kernels.Edit(_upload.Rows, rows, _upload.Lists, logits, _upload.Originals);
        _kernels.Draw(_upload.Rows, rows, !needs.HasFlag(SamplingNeeds.Draws), _upload.Masks, _upload.Lists, logits, _upload.Originals, _results, _buffer);
    }

    /// <summary>What was drawn from one row; a row that could not be drawn from has its <see cref="SampledToken.Fault"/>.</summary>
    /// <param name="buffer">That the step was prepared with.</param>
    /// <param name="row">Index of the sample row.</param>
    public SampledToken Read(int buffer, int row)
    {
        if (_faults[buffer][row] is { } fault) return new SampledToken(0, 0, null, fault);
        CudaSampledRow sampled = _results.RowOf(buffer, row);
        if (!float.IsFinite(sampled.Max)) return new SampledToken(0, 0, null, SamplingException.Of(sampled.Max));
        return _wantsLogprobs[buffer][row] ? new SampledToken(sampled.Token, sampled.Logprob, _results.TopOf(buffer, row)) : new SampledToken(sampled.Token, 0, null);
    }

    /// <summary>What was drawn from all rows of a step, in their order.</summary>
    public void Read(int buffer, Span<SampledToken> sampled)
    {
        for (int i = 0; i < sampled.Length; i++) sampled[i] = Read(buffer, i);
    }

    public void Dispose()
    {
        _upload.Dispose();
        _results.Dispose();
    }

    private void Pack(int i)
    {
        SamplingParams parameters = _batch.Samples[i].Params;
        _faults[_buffer][i] = null;
        _wantsLogprobs[_buffer][i] = parameters.TopLogprobs is not null;
        try
        {
            if (parameters.TopLogprobs > SamplingResults.MaxTop) throw new ArgumentException($"TopLogprobs is {parameters.TopLogprobs}; on CUDA it is at most {SamplingResults.MaxTop}.");
            _upload.Pack(_batch, i);
        }
        catch (ArgumentException fault) // this row's trouble alone
        {
            _faults[_buffer][i] = fault;
            _upload.Drop(i);
        }
    }
}
