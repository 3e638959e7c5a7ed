using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Llama.Model.Backends;
using Llama.Model.Kernels;
using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>
/// Steps of a model on a CUDA device, of which the host is told nothing but the drawn tokens. Decode steps are launched as graphs, unless weights stream: such a step waits for its copies longer than
/// launching takes, and a graph could not have the copies for a step's beginning go on from the end of the one before, nor weights in whichever buffer it is their turn.
/// <para>
/// Where a step may be followed at once (<see cref="ForwardBatch.MayRunAhead"/>) the next one is enqueued before the host waits for this one, its tokens taken on the device from where they were
/// drawn: the device has work while the host commits and schedules. Two steps at most are under way; each has a buffer of its own for what goes to the device and what comes back.
/// </para>
/// </summary>
internal sealed unsafe class CudaStep : IStep
{
    private const int Buffers = 2;

    private readonly LlamaModel _model;
    private readonly CudaStream _stream;
    private readonly BatchUpload _upload;
    private readonly CudaSampler _sampler;
    private readonly DecodeGraphs _graphs;
    private readonly bool _hasGraphs;
    private readonly StepSize _size;
    private readonly PromptReader _reader;
    private readonly Lookahead[] _lookaheads = new Lookahead[Buffers];
    private readonly nint[] _done = new nint[Buffers]; // events
    private readonly int[] _drawn; // [rows of the last step as it was run]
    private int _buffer; // of the last step; with IsAhead, of the one that is under way
    private ExceptionDispatchInfo? _aheadFault; // of the step that would be under way; told when that one is asked for
    private long _waitedTicks;

    /// <summary>Takes over sampler and reader.</summary>
    /// <param name="model">Whose steps.</param>
    /// <param name="stream">Where everything goes.</param>
    /// <param name="upload">To the arrays that the model's kernels read.</param>
    /// <param name="sampler">For as many rows as the largest step samples.</param>
    /// <param name="reader">Of prompts.</param>
    /// <param name="size">Of the largest step.</param>
    /// <param name="hasGraphs">Whether a decode step may be recorded and launched as a whole.</param>
    public CudaStep(LlamaModel model, CudaStream stream, BatchUpload upload, CudaSampler sampler, PromptReader reader, StepSize size, bool hasGraphs = true)
    {
        (_model, _stream, _upload, _sampler, _reader, _size, _hasGraphs) = (model, stream, upload, sampler, reader, size, hasGraphs);
        _drawn = new int[size.Samples];
        _graphs = new DecodeGraphs(stream, model.Forward, Math.Min(size.Samples, size.Tokens)); // padding has tokens too
        for (int i = 0; i < Buffers; i++) (_lookaheads[i], _done[i]) = (new Lookahead(size.Samples, size.BlocksPerSequence), stream.Driver.CreateEvent());
    }

    public bool IsAhead { get; private set; }

    public TimeSpan Waited => Stopwatch.GetElapsedTime(0, _waitedTicks);

    /// <summary>Records the step of a single sequence ahead of all others, so that what the driver refuses is known at start.</summary>
    /// <returns>Whether its kernels overlap.</returns>
    public bool RecordFirst()
    {
        ForwardBatch nobody = new(1, 1, _size.BlocksPerSequence) { TokenCount = 1, SequenceCount = 1, SampleCount = 1 };
        (nobody.TokenStarts[1], nobody.Slots[0]) = (1, -1); // a row as those that pad a step
        _upload.Enqueue(nobody, sequences: 1, _buffer);
        bool overlaps = _graphs.Record(rows: 1).Overlaps;
        _stream.Synchronize();
        return overlaps;
    }

    public void Prepare(ForwardBatch batch)
    {
        if (!HasGraph(batch) || _graphs.Has(batch.SequenceCount)) return;
        int rows = _graphs.RowsFor(batch.SequenceCount);
        _upload.Enqueue(batch, rows, _buffer);
        _graphs.Record(rows);
        _stream.Synchronize();
    }

    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        try
        {
            int buffer = Begin(batch, out ReadOnlySpan<int> rows);
            RunAhead(batch, rows, 1 - buffer);
            WaitFor(_done[buffer]);
            Read(buffer, rows, sampled[..batch.SampleCount]);
            _reader.Score(batch, scored);
            _reader.Pool(batch);
        }
        catch (CudaException lost) when (lost.IsContextLost)
        {
            throw Lost(lost);
        }
        catch (Exception failure)
        {
            IsAhead = false;
            bool isThere = _stream.SynchronizeOrLose(); // no buffer may be in use
            if (!isThere) throw Lost(failure); // by an error that may mean anything, as that of a GPU which has fallen off the bus
            throw;
        }
    }

    public void Dispose()
    {
        _stream.SynchronizeOrLose();
        _graphs.Dispose();
        _sampler.Dispose();
        _reader.Dispose();
        foreach (nint done in _done) _stream.Driver.DestroyEvent(done);
    }

    /// <summary>Enqueues a step unless it is under way; then <paramref name="rows"/> tells which row of that each of its sequences is, else it is empty.</summary>
    private int Begin(ForwardBatch batch, out ReadOnlySpan<int> rows)
    {
        bool isUnderWay = IsAhead && _lookaheads[_buffer].TryMatch(batch, _drawn);
        rows = isUnderWay ? _lookaheads[_buffer].Rows[..batch.SequenceCount] : [];
        ExceptionDispatchInfo? fault = _aheadFault;
        _aheadFault = null;
        if (isUnderWay)
        {
            fault?.Throw();
            return _buffer;
        }
        if (IsAhead && fault is null) WaitFor(_done[_buffer]); // it was for nothing, and its buffer is needed
        IsAhead = false;
        Enqueue(batch, _buffer);
        return _buffer;
    }

    private void RunAhead(ForwardBatch batch, ReadOnlySpan<int> rows, int buffer)
    {
        Lookahead next = _lookaheads[buffer];
        IsAhead = batch.MayRunAhead && next.TryFollow(batch, rows);
        if (!IsAhead) return;
        next.Sources.CopyTo(next.Batch.TokenIds);
        _buffer = buffer;
        try
        {
            Enqueue(next.Batch, buffer, takesDrawn: true);
        }
        catch (Exception fault) when (fault is not CudaException { IsContextLost: true }) // it concerns the next step: this one's tokens are drawn all the same
        {
            _aheadFault = ExceptionDispatchInfo.Capture(fault);
            _stream.SynchronizeOrLose(); // no buffer may be in use
        }
    }

    /// <param name="batch">The step.</param>
    /// <param name="buffer">Of a step that is over.</param>
    /// <param name="takesDrawn">Whether its token ids are rows of the step before, whose tokens it takes.</param>
    private void Enqueue(ForwardBatch batch, int buffer, bool takesDrawn = false)
    {
        bool isDecode = HasGraph(batch);
        int sequences = isDecode ? _graphs.RowsFor(batch.SequenceCount) : batch.SequenceCount;
        _upload.Enqueue(batch, sequences, buffer, takesDrawn ? _sampler.Tokens : 0);
        _sampler.Prepare(batch, buffer);
        Matrix logits = isDecode ? _graphs.Launch(sequences) : _model.Forward(batch);
        _sampler.AskGuides();
        _sampler.Enqueue((nint)logits.Data);
        _stream.Driver.Record(_done[buffer], _stream.Handle);
    }

    private static RunnerLostException Lost(Exception failure) => new($"The GPU is lost to this process: {failure.Message}", failure);

    private bool HasGraph(ForwardBatch batch) => _hasGraphs && IsDecode(batch);

    /// <summary>Whether row i is the only token of sequence i and is drawn from once, as in a graph, and nothing else is read of it: where a graph leaves its rows the head does not know.</summary>
    private static bool IsDecode(ForwardBatch batch)
    {
        if (batch.TokenCount != batch.SequenceCount || batch.SampleCount != batch.SequenceCount || batch.CopyCount + batch.Scores.Count + batch.Pools.Count > 0) return false;
        for (int i = 0; i < batch.SampleCount; i++)
            if (batch.Samples[i].TokenRow != i) return false;
        return true;
    }

    private void WaitFor(nint done)
    {
        long start = Stopwatch.GetTimestamp();
        _stream.Driver.WaitFor(done);
        _waitedTicks += Stopwatch.GetTimestamp() - start;
    }

    private void Read(int buffer, ReadOnlySpan<int> rows, Span<SampledToken> sampled)
    {
        for (int i = 0; i < sampled.Length; i++)
        {
            int row = rows.IsEmpty ? i : rows[i];
            sampled[i] = _sampler.Read(buffer, row);
            _drawn[row] = sampled[i].TokenId;
        }
    }
}
