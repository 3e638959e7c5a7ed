using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>
/// What is said of each row of a step in numbers. Rows stay in the host's memories from step to step: one that is drawn as it was when that memory was packed last, as most are until their sequence ends,
/// keeps all but its random bits, and its parameters are not looked at.
/// </summary>
internal sealed unsafe class SamplingRows : IDisposable
{
    private const float Slack = 1e-3f; // in exponents: above what they and the weights are rounded by
    private const float LeastExponent = -87; // what weighs less weighs nothing

    private readonly StagedBuffer _memory;
    private readonly KeptRow[][] _kept; // [buffers][rows]
    private int _count, _buffer; // rows of the step, and where it is packed

    public SamplingRows(CudaStream stream, int maxRows, int buffers)
    {
        _memory = new StagedBuffer(stream, buffers, (long)maxRows * sizeof(CudaSamplingRow));
        _kept = [.. Enumerable.Range(0, buffers).Select(_ => new KeptRow[maxRows])];
    }

    /// <summary>[rows] <see cref="CudaSamplingRow"/> on the device.</summary>
    public nint Device => _memory.Device;

    /// <summary>What the rows of the step need, but for what stands in lists.</summary>
    public SamplingNeeds Needs { get; private set; }

    /// <summary>A row of the step.</summary>
    public ref CudaSamplingRow this[int i] => ref ((CudaSamplingRow*)_memory.Host(_buffer))[i];

    /// <summary>Starts a step.</summary>
    /// <param name="count">Rows.</param>
    /// <param name="buffer">Which of the host memories; its last transfer is over.</param>
    public void Begin(int count, int buffer) => (_count, _buffer, Needs) = (count, buffer, SamplingNeeds.None);

    /// <summary>Whether a row needs no more than <see cref="Repeat"/>.</summary>
    public bool IsKept(in SampleRow row, int i) => ReferenceEquals(_kept[_buffer][i].Params, row.Params) && row.Guide is null;

    /// <summary>Takes a row that is kept.</summary>
    public void Repeat(in SampleRow row, int i)
    {
        ref readonly KeptRow kept = ref _kept[_buffer][i];
        Needs |= kept.Needs;
        if ((kept.Needs & SamplingNeeds.Draws) != 0) this[i].Random = CounterRandom.Bits(kept.Seed, row.Position);
    }

    /// <summary>Packs a row of which nothing is to be kept, without mask and lists.</summary>
    public ref CudaSamplingRow Pack(in SampleRow row, int i)
    {
        SamplingParams parameters = row.Params;
        Needs |= NeedsOf(parameters);
        _kept[_buffer][i] = default;
        ref CudaSamplingRow packed = ref this[i];
        packed = default;
        packed.Random = CounterRandom.Bits(parameters.Seed, row.Position);
        (packed.TopK, packed.TopP, packed.MinP, packed.TypicalP) = (parameters.TopK, parameters.TopP, parameters.MinP, parameters.TypicalP);
        packed.Scale = 1 / parameters.Temperature;
        packed.Least = LeastOf(parameters);
        (packed.Mask, packed.Token, packed.TopCount) = (-1, -1, parameters.TopLogprobs ?? 0);
        packed.Flags = CudaSamplingRow.Active | (parameters.IsGreedy ? CudaSamplingRow.Greedy : 0) | (parameters.TopLogprobs is not null ? CudaSamplingRow.Logprobs : 0);
        return ref packed;
    }

    /// <summary>The row that was packed has neither mask nor lists, nor will have any with these parameters and no guide.</summary>
    public void Keep(int i, SamplingParams parameters) => _kept[_buffer][i] = new KeptRow(parameters, parameters.Seed, NeedsOf(parameters));

    /// <summary>Takes a row out of the step.</summary>
    public void Drop(int i)
    {
        this[i].Flags = 0;
        _kept[_buffer][i] = default;
    }

    /// <summary>Enqueues the transfer.</summary>
    public void Send() => _memory.Upload(_buffer, (long)_count * sizeof(CudaSamplingRow));

    public void Dispose() => _memory.Dispose();

    private static SamplingNeeds NeedsOf(SamplingParams parameters) =>
        (parameters.IsGreedy ? SamplingNeeds.None : SamplingNeeds.Draws) | (parameters.TopLogprobs is null ? SamplingNeeds.None : SamplingNeeds.Logprobs);

    // What min-p drops is of no use to the other filters, except that top-p takes its share of all that top-k leaves.
    private static float LeastOf(SamplingParams parameters) =>
        parameters is { MinP: > 0, TopK: 0 } ? MathF.Max(MathF.Log(parameters.MinP) - Slack, LeastExponent) : LeastExponent;

    /// <summary>What a row was packed with if it is kept, else no parameters; and what is asked of them each time.</summary>
    private readonly record struct KeptRow(SamplingParams? Params, ulong Seed, SamplingNeeds Needs);
}
