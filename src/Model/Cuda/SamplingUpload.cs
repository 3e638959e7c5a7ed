using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>
/// How the rows of a step are to be drawn, brought to the device: one structure for each row, always all of them with one transfer, and the lists and bitsets that some rows need with a second
/// and a third. There are two host memories of each, so that a step can be packed while the one before is under way.
/// </summary>
internal sealed unsafe class SamplingUpload : IDisposable
{
    private const float Slack = 1e-3f; // in exponents: above what they and the weights are rounded by
    private const float LeastExponent = -87; // what weighs less weighs nothing

    private readonly int _maxRows, _maskBytes;
    private readonly StagedBuffer _rows, _masks;
    private readonly SamplingLists _lists;
    private readonly TokenMask _guided, _listed;
    private int _buffer, _maskCount, _maskVersion;

    public SamplingUpload(CudaStream stream, int vocabSize, int maxRows, int maskBytes, int buffers)
    {
        (_maxRows, _maskBytes) = (maxRows, maskBytes);
        _rows = new StagedBuffer(stream, buffers, (long)maxRows * sizeof(CudaSamplingRow));
        _lists = new SamplingLists(stream, vocabSize, maxRows, buffers);
        _masks = new StagedBuffer(stream, buffers, maskBytes);
        (_guided, _listed) = (new TokenMask(vocabSize), new TokenMask(vocabSize));
    }

    /// <summary>[rows] <see cref="CudaSamplingRow"/> on the device.</summary>
    public nint Rows => _rows.Device;

    /// <summary>int32 on the device: biases, bans, histories.</summary>
    public nint Lists => _lists.Device;

    /// <inheritdoc cref="SamplingLists.Originals"/>
    public nint Originals => _lists.Originals;

    /// <summary>[masked rows] bitsets on the device.</summary>
    public nint Masks => _masks.Device;

    /// <summary>Counts how often addresses on the device changed.</summary>
    public int Version => _lists.Version + _maskVersion;

    /// <summary>Whether a row of the step is edited by lists.</summary>
    public bool HasLists => _lists.Any;

    /// <summary>Starts a step.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="buffer">Which of the host memories; its last transfer is over.</param>
    public void Begin(ForwardBatch batch, int buffer)
    {
        (_buffer, _maskCount) = (buffer, 0);
        long entries = 0, masks = 0;
        for (int i = 0; i < batch.SampleCount; i++)
        {
            ref readonly SampleRow row = ref batch.Samples[i];
            entries += (2 * row.Params.LogitBias.Count) + row.Params.StopTokenIds.Count + row.HistoryLength;
            if (HasMask(row)) masks++;
        }
        _lists.Begin(entries, buffer);
        if (_masks.Reserve(masks * _maskBytes)) _maskVersion++;
        new Span<CudaSamplingRow>(_rows.Host(buffer), _maxRows)[batch.SampleCount..].Clear();
    }

    /// <summary>Packs one row. One that has a mask gets it from <see cref="PackMask"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A token id that the model does not have.</exception>
    public void Pack(ForwardBatch batch, int i)
    {
        ref readonly SampleRow row = ref batch.Samples[i];
        SamplingParams parameters = row.Params;
        ref CudaSamplingRow packed = ref RowAt(i);
        packed = default;
        packed.Random = CounterRandom.Bits(parameters.Seed, row.Position);
        (packed.TopK, packed.TopP, packed.MinP, packed.TypicalP) = (parameters.TopK, parameters.TopP, parameters.MinP, parameters.TypicalP);
        packed.Scale = 1 / parameters.Temperature;
        packed.Least = LeastOf(parameters);
        (packed.Token, packed.TopCount) = (-1, parameters.TopLogprobs ?? 0);
        packed.Mask = HasMask(row) ? _maskCount++ : -1;
        _lists.AddBiases(parameters.LogitBias, ref packed);
        if (row.GeneratedCount < parameters.MinTokens) _lists.AddBans(parameters.StopTokenIds, ref packed);
        if (parameters.NeedsHistory)
        {
            _lists.AddHistory(batch.History.AsSpan(row.HistoryStart, row.HistoryLength), row.PromptLength, ref packed);
            (packed.Presence, packed.Frequency, packed.Repetition) = (parameters.PresencePenalty, parameters.FrequencyPenalty, parameters.RepetitionPenalty);
        }
        packed.Flags = CudaSamplingRow.Active | (parameters.IsGreedy ? CudaSamplingRow.Greedy : 0) | (parameters.TopLogprobs is not null ? CudaSamplingRow.Logprobs : 0);
    }

    /// <summary>Takes a row out of the step: it has failed.</summary>
    public void Drop(int i) => RowAt(i).Flags = 0;

    /// <summary>Enqueues the transfer of the rows and their lists.</summary>
    public void SendRows()
    {
        _rows.Upload(_buffer, _rows.Capacity);
        _lists.Send();
    }

    /// <summary>Asks a row's guide, and takes its list of allowed tokens.</summary>
    public void PackMask(in SampleRow row, int i)
    {
        int mask = RowAt(i).Mask;
        if (mask < 0) return;
        Span<ulong> words = new((byte*)_masks.Host(_buffer) + ((long)mask * _maskBytes), _maskBytes / sizeof(ulong));
        if (row.Guide is not null) _guided.Take(row.Guide, row.Params.StopTokenIds);
        if (row.Params.AllowedTokenIds is not null) _listed.Take(row.Params.AllowedTokenIds);
        (row.Guide is not null ? _guided : _listed).Words.CopyTo(words);
        if (row.Guide is null || row.Params.AllowedTokenIds is null) return;
        for (int word = 0; word < words.Length; word++) words[word] &= _listed.Words[word];
    }

    /// <summary>Enqueues the transfer of the masks.</summary>
    public void SendMasks()
    {
        if (_maskCount > 0) _masks.Upload(_buffer, (long)_maskCount * _maskBytes);
    }

    public void Dispose()
    {
        _rows.Dispose();
        _lists.Dispose();
        _masks.Dispose();
    }

    private static bool HasMask(in SampleRow row) => row.Guide is not null || row.Params.AllowedTokenIds is not null;

    // What min-p drops is of no use to the other filters, except that top-p takes its share of all that top-k leaves.
    private static float LeastOf(SamplingParams parameters) =>
        parameters is { MinP: > 0, TopK: 0 } ? MathF.Max(MathF.Log(parameters.MinP) - Slack, LeastExponent) : LeastExponent;

    private ref CudaSamplingRow RowAt(int i) => ref ((CudaSamplingRow*)_rows.Host(_buffer))[i];
}
