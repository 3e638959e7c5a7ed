using System.Globalization;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Parallel;
using static Llama.Model.Offload.MemorySize;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>How a model is laid out under the setting <c>Model:MemoryLimit</c>: asked for once before its weights are brought to the device.</summary>
/// <param name="limit">Bytes that the device may use.</param>
/// <param name="options">As loading got them.</param>
/// <param name="source">Of the weights.</param>
/// <param name="part">What of the model the device holds.</param>
/// <param name="size">Of the largest step.</param>
/// <param name="dtype">Of weights that are not in codes.</param>
/// <param name="isHost">As <see cref="Kernels.DeviceMemory.IsHost"/> of the device.</param>
/// <param name="exchanged">Bytes that it takes to share the part with other devices.</param>
internal sealed class MemoryPlan(long limit, ModelOptions options, IWeightSource source, ModelPart part, StepSize size, ScalarType dtype, bool isHost, long exchanged = 0)
{
    private readonly IReadOnlyList<WeightUnit> _units = WeightUnit.Of(source, part, dtype, isHost);
    private string _leastForAll = "";
    private StreamRate? _rate; // at which weights came when measured last

    /// <summary>Where each weight goes; there once it was made.</summary>
    public OffloadPlan Layout { get; private set; } = null!;

    /// <summary>What streams; null if nothing does.</summary>
    public WeightStream? Stream { get; private set; }

    /// <summary>Weights that lie outside now: those of units that come through the buffers.</summary>
    public long OutsideBytes => Stream is null ? 0 : Math.Max(0, _units.Where((_, unit) => Stream.Holds(unit)).Sum(unit => unit.Bytes) - Stream.KeptBytes);

    /// <summary>Lays the model out.</summary>
    /// <param name="demand">What it takes.</param>
    /// <param name="freeBytes">That the device could give beside what is taken already.</param>
    /// <exception cref="InsufficientMemoryException">The limit is too small; with the smallest that would do.</exception>
    public void Make(MemoryDemand demand, long freeBytes)
    {
        _leastForAll = OffloadPlan.LeastForAll(demand);
        Layout = OffloadPlan.Make(Math.Min(limit, demand.Base + freeBytes), demand, options.MemoryUtilization);
    }

    /// <summary>Asks for each weight that would stream from files whether it can, before anything is loaded. A GPU gets them from host memory, whatever they were made of.</summary>
    /// <exception cref="ArgumentException">One cannot; with the remedy, and the limit under which none would have to.</exception>
    public void CheckStreams()
    {
        try
        {
            foreach ((WeightUnit unit, bool stays) in _units.Zip(Layout.IsResident))
                if (!stays) foreach (string name in unit.Names) _ = source.Stored(name, dtype);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{e.Message} All weights stay from Model:MemoryLimit={_leastForAll} on.", e);
        }
    }

    /// <summary>Begins to stream what does not fit, if there is something.</summary>
    /// <param name="backend">Of the device.</param>
    /// <param name="keeps">Whether a <see cref="SpareMemory"/> will keep what there is room for: then all streams but a head that is to stay, for which buffers are too small.</param>
    /// <exception cref="ArgumentException">Weights that would have to stream cannot; with the remedy.</exception>
    public void Begin(IBackend backend, bool keeps)
    {
        if (isHost) FreedMemory.GoesBackAtOnce();
        if (!Layout.Streams) return;
        if (isHost) CheckStreams();
        OffloadPlan streamed = keeps ? Layout with { IsResident = [.. Layout.IsResident.Select((stays, unit) => stays && unit == WeightUnit.Head(part.LayerCount))] } : Layout;
        Stream = backend.CreateStream(source, _units, streamed, dtype, part.HasEmbedding ? TableRows : 0);
    }

    /// <summary>The pool of the cache, as large as the limit lets it be.</summary>
    /// <param name="derive">Derives it from what is free, where everything fits.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public KvPoolSize Pool(Func<KvPoolSize> derive, long bytesPerBlock)
    {
        KvPoolSize unlimited = Layout.Streams ? KvPoolSize.Most(options, size.ContextLength) : derive();
        long fitting = Layout.KvBytes / bytesPerBlock;
        return fitting >= unlimited.BlockCount ? unlimited : new KvPoolSize((int)fitting, $"what Model:MemoryLimit={Mebibytes(limit)} leaves beside weights and intermediate results");
    }

    /// <summary>As <see cref="ModelRunner.MeasureStream"/>.</summary>
    /// <param name="most">For how long, each time.</param>
    public StreamRate? MeasureStream(TimeSpan most) => _rate = Stream?.Measure(most);

    /// <summary>What stays, what streams and, once that was measured, the rate to expect: for people.</summary>
    public string Describe()
    {
        if (!Layout.Streams) return $"{Mebibytes(limit)}, and everything fits";
        long all = _units.Sum(unit => unit.Bytes), outside = Stream is null ? Layout.StreamedBytes : OutsideBytes;
        string give = Stream?.KeptBytes > 0 ? ", of which some give way to cache and process as these grow" : "";
        return $"{Mebibytes(limit)}: {Mebibytes(all - outside)} of weights stay{give}; {Mebibytes(outside)} stream, a step{(_rate is { } measured ? Describe(measured) : "")}";
    }

    private string Describe(StreamRate rate) =>
        $" {Stream!.Medium} at {Figure(rate.BytesPerSecond / 1e9)} GB/s: at most {Figure(rate.StepsPerSecond)} steps/s, each a token of every sequence that shares it";

    private static string Figure(double value) => value.ToString(value < 1 ? "N2" : "N1", CultureInfo.InvariantCulture);

    /// <summary>What the model takes on a device.</summary>
    /// <param name="backend">Of the device, with its kernels made.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public MemoryDemand Demand(IBackend backend, long bytesPerBlock) =>
        Demand(backend.BaseBytes(part.ShapeOf(source.Config), size, isAhead: false), backend.ActivationDtype, bytesPerBlock);

    /// <summary>The same of a device that is not in use.</summary>
    /// <param name="baseBytes">As <see cref="IBackend.BaseBytes"/>.</param>
    /// <param name="activations">As <see cref="IBackend.ActivationDtype"/>.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public MemoryDemand Demand(long baseBytes, ScalarType activations, long bytesPerBlock)
    {
        LlamaConfig config = source.Config, shape = part.ShapeOf(config);
        long least = options.BlockCount ?? size.BlocksPerSequence, most = KvPoolSize.Most(options, size.ContextLength).BlockCount;
        CheckpointLayout.ExpectedTensor[] tensors = [.. CheckpointLayout.Expected(config, part)];
        long norms = tensors.Where(tensor => tensor.Shape.Length == 1).Sum(tensor => WeightDemand.BytesOf(source, tensor, dtype, isHost));
        long table = WeightDemand.Bytes(source, dtype, part, isHost) - norms - _units.Sum(unit => unit.Bytes);
        return new MemoryDemand(
            baseBytes, LlamaModel.StepBytes(shape, size, activations, HasHead) + exchanged, norms, table, isHost && part.HasEmbedding ? LookedUpBytes : 0,
            [.. _units.Take(WeightUnit.Head(part.LayerCount)).Select(unit => unit.Bytes)], HasHead ? _units[^1].Bytes : 0, least * bytesPerBlock, most * bytesPerBlock);
    }

    private bool HasHead => part.HasHead(source.Config);

    private long LookedUpBytes => RowTable.BytesOf(Matrix.BytesOf(1, source.Config.HiddenSize, dtype), TableRows, source.Config.VocabSize);

    // Those of a step, and as many that may be asked for again.
    private int TableRows => 2 * size.Tokens;
}
