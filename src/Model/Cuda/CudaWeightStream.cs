using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;

namespace Llama.Model.Cuda;

/// <summary>
/// Weights in page-locked host memory, in the form that kernels take, which a second stream copies into two buffers of the device: while one is computed with, the next is on its way. Events keep the streams
/// apart: a copy waits until what was enqueued before with its buffer is done, and what is computed with a buffer waits for its copy.
/// </summary>
internal sealed unsafe class CudaWeightStream : BufferedWeightStream
{
    private const int Alignment = 256; // of device memory that kernels and cuBLAS take

    private readonly CudaStream _compute;
    private readonly ICudaDriver _driver;
    private readonly nint _copies; // stream
    private readonly Unit?[] _units; // [units]; null of those that do not stream
    private readonly nint[] _buffers = new nint[OffloadPlan.Buffers];
    private readonly nint[] _loaded = new nint[OffloadPlan.Buffers], _free = new nint[OffloadPlan.Buffers]; // events
    private readonly Dictionary<string, Weight>[] _views = new Dictionary<string, Weight>[OffloadPlan.Buffers];
    private readonly IWeightSource _source;
    private readonly long _bufferBytes;
    private Unit? _table;

    /// <summary>Brings the weights to host memory, through the device, which gives them their form, and begins to copy.</summary>
    /// <param name="stream">On which is computed.</param>
    /// <param name="source">Of the weights; hands them out on the device, and must live longer.</param>
    /// <param name="units">All that there are.</param>
    /// <param name="plan">Which of them stream.</param>
    public CudaWeightStream(CudaStream stream, IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan) : base(plan, isWaitedFor: false)
    {
        (_compute, _driver, _source) = (stream, stream.Driver, source);
        _copies = _driver.CreateStream();
        _units = [.. units.Select((unit, index) => Holds(index) ? Fetch([.. unit.Names.Select(source.Weight)], unit.Names) : null)];
        _bufferBytes = _units.Max(unit => unit?.Host.Bytes ?? 0);
        for (int buffer = 0; buffer < OffloadPlan.Buffers; buffer++) Prepare(buffer);
        for (int load = 0; load < OffloadPlan.Buffers; load++) Copy(load);
    }

    public override string Medium => $"through {OffloadPlan.Buffers} buffers of {MemorySize.Mebibytes(_bufferBytes)}, from page-locked host memory";

    // Kernels read its rows over the bus.
    public override Weight Table => (_table ??= FetchTable()).Weights[0];

    public override Weight View(string name, int place) => _views[place][name];

    public override void Dispose()
    {
        _compute.SynchronizeOrLose(_copies);
        foreach (Unit unit in _units.OfType<Unit>()) _driver.FreePinned(unit.Host.Address);
        if (_table is not null) _driver.FreePinned(_table.Host.Address);
        foreach (nint handle in _loaded.Concat(_free)) _driver.DestroyEvent(handle);
        foreach (nint buffer in _buffers) _driver.Free(buffer);
        _driver.DestroyStream(_copies);
    }

    protected override long BytesOf(int unit) => _units[unit]!.Host.Bytes;

    protected override void Await(long load) => _driver.WaitOn(_compute.Handle, _loaded[load % OffloadPlan.Buffers]);

    protected override void Release(long load)
    {
        nint free = _free[load % OffloadPlan.Buffers];
        _driver.Record(free, _compute.Handle);
        _driver.WaitOn(_copies, free);
        Copy(load + OffloadPlan.Buffers);
    }

    protected override void Settle() => _compute.Synchronize();

    private void Copy(long load)
    {
        Unit unit = _units[UnitOf(load)]!;
        long buffer = load % OffloadPlan.Buffers;
        _driver.CopyAsync(_buffers[buffer], unit.Host.Address, unit.Host.Bytes, _copies);
        _driver.Record(_loaded[buffer], _copies);
    }

    // The weights keep their form when their memory is given back.
    private Unit Fetch(Weight[] weights, IReadOnlyList<string> names)
    {
        long bytes = weights.Sum(weight => weight.Parts.Sum(part => Aligned(part.Bytes)));
        nint host = _driver.AllocatePinned(bytes), at = host;
        _compute.Synchronize();
        foreach (MemoryPart part in weights.SelectMany(weight => weight.Parts))
        {
            _driver.Copy(at, part.Address, part.Bytes);
            at += (nint)Aligned(part.Bytes);
        }
        foreach (Weight weight in weights) weight.Dispose();
        return new Unit(weights, names, new MemoryPart(host, bytes));
    }

    private Unit FetchTable()
    {
        Unit table = Fetch([_source.Table(CheckpointLayout.Embedding)], [CheckpointLayout.Embedding]);
        return table with { Weights = [table.Weights[0].On([table.Host.Address])] };
    }

    private void Prepare(int buffer)
    {
        _buffers[buffer] = _driver.Allocate(_bufferBytes);
        (_loaded[buffer], _free[buffer]) = (_driver.CreateEvent(), _driver.CreateEvent());
        _views[buffer] = new Dictionary<string, Weight>(StringComparer.Ordinal);
        foreach (Unit unit in _units.OfType<Unit>())
        {
            nint at = _buffers[buffer];
            foreach ((Weight weight, string name) in unit.Weights.Zip(unit.Names))
            {
                nint[] parts = [.. weight.Parts.Select(part => (at += (nint)Aligned(part.Bytes)) - (nint)Aligned(part.Bytes))];
                _views[buffer][name] = weight.On(parts);
            }
        }
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>What is copied at once.</summary>
    /// <param name="Weights">Disposed; what they say of their form holds.</param>
    /// <param name="Names">Of each.</param>
    /// <param name="Host">Where all of them lie one after the other, each part aligned.</param>
    private sealed record Unit(Weight[] Weights, IReadOnlyList<string> Names, MemoryPart Host);
}
