using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>What some rows of a step need to be drawn beside their numbers: biases, tokens held back, histories, one after the other in one buffer; and on the device as much room for the logits of these tokens.</summary>
internal sealed unsafe class SamplingLists : IDisposable
{
    private const int EntriesPerRow = 256; // at first; it grows

    private readonly CudaStream _stream;
    private readonly int _vocabSize;
    private readonly StagedBuffer _entries;
    private nint _originals;
    private long _originalBytes;
    private int _buffer, _count; // entries of the step

    public SamplingLists(CudaStream stream, int vocabSize, int maxRows, int buffers)
    {
        (_stream, _vocabSize) = (stream, vocabSize);
        _entries = new StagedBuffer(stream, buffers, (long)maxRows * EntriesPerRow * sizeof(int));
        ReplaceOriginals();
    }

    /// <summary>int32 on the device.</summary>
    public nint Device => _entries.Device;

    /// <summary>Room on the device for the logits of the tokens in the lists.</summary>
    public nint Originals => _originals;

    /// <summary>Whether a row of the step has any.</summary>
    public bool Any => _count > 0;

    /// <summary>Starts a step of so many entries at most.</summary>
    /// <param name="entries">Of all lists.</param>
    /// <param name="buffer">Which of the host memories; its last transfer is over.</param>
    public void Begin(long entries, int buffer)
    {
        (_buffer, _count) = (buffer, 0);
        _entries.Reserve(entries * sizeof(int));
        if (_originalBytes != _entries.Capacity) ReplaceOriginals(); // also where that failed in an earlier step
    }

    /// <exception cref="ArgumentOutOfRangeException">A token id that the model does not have.</exception>
    public void AddBiases(IReadOnlyList<TokenBias> biases, ref CudaSamplingRow row)
    {
        (row.Biases, row.BiasCount) = (_count, biases.Count);
        for (int i = 0; i < biases.Count; i++) Append(Checked(biases[i].TokenId));
        for (int i = 0; i < biases.Count; i++) Append(BitConverter.SingleToInt32Bits(biases[i].Bias));
    }

    /// <exception cref="ArgumentOutOfRangeException">A token id that the model does not have.</exception>
    public void AddBans(IReadOnlyList<int> tokens, ref CudaSamplingRow row)
    {
        (row.Bans, row.BanCount) = (_count, tokens.Count);
        for (int i = 0; i < tokens.Count; i++) Append(Checked(tokens[i]));
    }

    /// <param name="history">Tokens so far.</param>
    /// <param name="promptLength">How many of them are the prompt's.</param>
    /// <param name="row">Learns where it lies.</param>
    public void AddHistory(ReadOnlySpan<int> history, int promptLength, ref CudaSamplingRow row)
    {
        (row.History, row.HistoryLength, row.PromptLength) = (_count, history.Length, promptLength);
        history.CopyTo(new Span<int>((int*)_entries.Host(_buffer) + _count, history.Length));
        _count += history.Length;
    }

    /// <summary>Enqueues the transfer.</summary>
    public void Send()
    {
        if (Any) _entries.Upload(_buffer, (long)_count * sizeof(int));
    }

    public void Dispose()
    {
        _entries.Dispose();
        FreeOriginals();
    }

    private void Append(int value) => ((int*)_entries.Host(_buffer))[_count++] = value;

    private int Checked(int token) =>
        (uint)token < (uint)_vocabSize ? token : throw new ArgumentOutOfRangeException(nameof(token), $"Token {token} is to be biased or held back; the model has tokens 0 to {_vocabSize - 1}.");

    private void ReplaceOriginals()
    {
        FreeOriginals();
        _originals = _stream.Driver.Allocate(_entries.Capacity);
        _originalBytes = _entries.Capacity;
    }

    private void FreeOriginals()
    {
        if (_originals != 0) _stream.Driver.Free(_originals);
        (_originals, _originalBytes) = (0, 0);
    }
}
