using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>
/// How the rows of a step are to be drawn, brought to the device: one structure for each row with one transfer, and the lists and bitsets that some rows need with a second
/// and a third. There are two host memories of each, so that a step can be packed while the one before is under way.
/// </summary>
internal sealed unsafe class SamplingUpload : IDisposable
{
    private readonly int _maskBytes;
    private readonly SamplingRows _rows;
    private readonly StagedBuffer _masks;
    private readonly SamplingLists _lists;
    private readonly TokenMask _guided, _listed;
    private int _buffer, _maskCount;

    public SamplingUpload(CudaStream stream, int vocabSize, int maxRows, int maskBytes, int buffers)
    {
        _maskBytes = maskBytes;
        _rows = new SamplingRows(stream, maxRows, buffers);
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

    /// <summary>What the rows packed so far need.</summary>
    public SamplingNeeds Needs => _rows.Needs | (_lists.Any ? SamplingNeeds.Edits : SamplingNeeds.None);

    /// <summary>Whether a row of the step has a mask.</summary>
    public bool HasMasks => _maskCount > 0;

    /// <summary>Starts a step.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="buffer">Which of the host memories; its last transfer is over.</param>
    public void Begin(ForwardBatch batch, int buffer)
    {
        (_buffer, _maskCount) = (buffer, 0);
        _rows.Begin(batch.SampleCount, buffer);
        long entries = 0, masks = 0;
        for (int i = 0; i < batch.SampleCount; i++)
        {
            ref readonly SampleRow row = ref batch.Samples[i];
            if (_rows.IsKept(row, i)) continue;
            entries += (2 * row.Params.LogitBias.Count) + row.Params.StopTokenIds.Count + row.HistoryLength;
            if (HasMask(row)) masks++;
        }
        _lists.Begin(entries, buffer);
        _masks.Reserve(masks * _maskBytes);
    }

    /// <summary>Takes a row that lies packed from an earlier step, if it does.</summary>
    public bool TryRepeat(in SampleRow row, int i)
    {
        if (!_rows.IsKept(row, i)) return false;
        _rows.Repeat(row, i);
        return true;
    }

    /// <summary>Packs one row. One that has a mask gets it from <see cref="PackMask"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A token id that the model does not have.</exception>
    public void Pack(ForwardBatch batch, int i)
    {
        ref readonly SampleRow row = ref batch.Samples[i];
        SamplingParams parameters = row.Params;
        ref CudaSamplingRow packed = ref _rows.Pack(row, i);
        if (HasMask(row)) packed.Mask = _maskCount++;
        _lists.AddBiases(parameters.LogitBias, ref packed);
        if (row.GeneratedCount < parameters.MinTokens) _lists.AddBans(parameters.StopTokenIds, ref packed);
        if (parameters.NeedsHistory)
        {
            _lists.AddHistory(batch.History.AsSpan(row.HistoryStart, row.HistoryLength), row.PromptLength, ref packed);
            (packed.Presence, packed.Frequency, packed.Repetition) = (parameters.PresencePenalty, parameters.FrequencyPenalty, parameters.RepetitionPenalty);
        }
        if (!HasMask(row) && parameters is { LogitBias.Count: 0, MinTokens: 0, NeedsHistory: false }) _rows.Keep(i, parameters);
    }

    /// <summary>Takes a row out of the step: it has failed.</summary>
    public void Drop(int i) => _rows.Drop(i);

    /// <summary>Enqueues the transfer of the rows and their lists.</summary>
    public void SendRows()
    {
        _rows.Send();
        _lists.Send();
    }

    /// <summary>Asks a row's guide, and takes its list of allowed tokens.</summary>
    public void PackMask(in SampleRow row, int i)
    {
        int mask = _rows[i].Mask;
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
        if (HasMasks) _masks.Upload(_buffer, (long)_maskCount * _maskBytes);
    }

    public void Dispose()
    {
        _rows.Dispose();
        _lists.Dispose();
        _masks.Dispose();
    }

    private static bool HasMask(in SampleRow row) => row.Guide is not null || row.Params.AllowedTokenIds is not null;
}
