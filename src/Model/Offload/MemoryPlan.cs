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
/// <param name="exchanged">Bytes that it takes to share the part with other devices.</param>
internal sealed class MemoryPlan(long limit, ModelOptions options, IWeightSource source, ModelPart part, StepSize size, ScalarType dtype, long exchanged = 0)
{
    private readonly IReadOnlyList<WeightUnit> _units = WeightUnit.Of(source, part, dtype);

    /// <summary>Where each weight goes; there once it was made.</summary>
    public OffloadPlan Layout { get; private set; } = null!;

    /// <summary>What streams; null if nothing does.</summary>
    public WeightStream? Stream { get; private set; }

    /// <summary>Lays the model out.</summary>
    /// <param name="backend">Of the device, with its kernels made.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    /// <exception cref="InsufficientMemoryException">The limit is too small; with the smallest that would do.</exception>
    public void Make(IBackend backend, long bytesPerBlock)
    {
        MemoryDemand demand = Demand(backend, bytesPerBlock);
        Layout = OffloadPlan.Make(Math.Min(limit, demand.Base + backend.Memory.FreeBytes()), demand, options.MemoryUtilization);
    }

    /// <summary>Asks for each weight that would stream whether it can, before anything is loaded.</summary>
    /// <param name="layout">Which would.</param>
    /// <exception cref="ArgumentException">One cannot; with the remedy.</exception>
    public void CheckStreams(OffloadPlan layout)
    {
        foreach ((WeightUnit unit, bool stays) in _units.Zip(layout.IsResident))
            if (!stays) foreach (string name in unit.Names) _ = source.Stored(name, dtype);
    }

    /// <summary>Begins to stream what does not fit, if there is something.</summary>
    /// <param name="backend">Of the device.</param>
    /// <exception cref="ArgumentException">Weights that would have to stream cannot; with the remedy.</exception>
    public void Begin(IBackend backend)
    {
        if (Layout.Streams) Stream = backend.CreateStream(source, _units, Layout, dtype, part.HasEmbedding ? TableRows : 0);
    }

    /// <summary>The pool of the cache beside weights that stream.</summary>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public KvPoolSize Pool(long bytesPerBlock) =>
        Within(options.BlockCount is int set ? new KvPoolSize(set, "as set by Model:BlockCount") : new KvPoolSize(MostBlocks, $"enough for {options.MaxSequences} full sequences"), bytesPerBlock);

    /// <summary>The pool of the cache, as large as the limit lets it be.</summary>
    /// <param name="unlimited">What it would be without.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public KvPoolSize Within(KvPoolSize unlimited, long bytesPerBlock)
    {
        long fitting = Layout.KvBytes / bytesPerBlock;
        return fitting >= unlimited.BlockCount ? unlimited : new KvPoolSize((int)fitting, $"what Model:MemoryLimit={Mebibytes(limit)} leaves beside weights and intermediate results");
    }

    /// <summary>What stays, what streams and, once it does, the rate to expect, which is measured now: for people.</summary>
    public string Describe()
    {
        if (!Layout.Streams) return $"{Mebibytes(limit)}, and everything fits";
        int resident = Layout.IsResident.Take(part.LayerCount).Count(stays => stays), streamed = part.LayerCount - resident;
        string head = HasHead && !Layout.IsResident[part.LayerCount] ? " and the head" : "";
        return $"{Mebibytes(limit)}: {resident} of {part.LayerCount} layers stay, {streamed}{head} stream, {Mebibytes(Layout.StreamedBytes)} a step through {OffloadPlan.Buffers} buffers of {Mebibytes(Layout.BufferBytes)}{Rate()}";
    }

    private string Rate()
    {
        if (Stream is null) return "";
        double bytesPerSecond = Stream.Measure();
        return string.Create(CultureInfo.InvariantCulture, $", {Stream.Medium} at {Figure(bytesPerSecond / 1e9)} GB/s: at most {Figure(bytesPerSecond / Stream.StepBytes)} steps/s, each a token of every sequence that shares it");
    }

    private static string Figure(double value) => value.ToString(value < 1 ? "N2" : "N1", CultureInfo.InvariantCulture);

    /// <summary>What the model takes on a device.</summary>
    /// <param name="backend">Of the device, with its kernels made.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public MemoryDemand Demand(IBackend backend, long bytesPerBlock) =>
        Demand(backend.BaseBytes(part.ShapeOf(source.Config), size), backend.ActivationDtype, backend.Memory.IsHost, bytesPerBlock);

    /// <summary>The same of a device that is not in use.</summary>
    /// <param name="baseBytes">As <see cref="IBackend.BaseBytes"/>.</param>
    /// <param name="activations">As <see cref="IBackend.ActivationDtype"/>.</param>
    /// <param name="isHost">As <see cref="Kernels.DeviceMemory.IsHost"/>.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public MemoryDemand Demand(long baseBytes, ScalarType activations, bool isHost, long bytesPerBlock)
    {
        LlamaConfig config = source.Config, shape = part.ShapeOf(config);
        long least = options.BlockCount ?? size.BlocksPerSequence, most = options.BlockCount ?? MostBlocks;
        CheckpointLayout.ExpectedTensor[] tensors = [.. CheckpointLayout.Expected(config, part)];
        long norms = tensors.Where(tensor => tensor.Shape.Length == 1).Sum(tensor => WeightDemand.BytesOf(source, tensor, dtype));
        long table = WeightDemand.Bytes(source, dtype, part) - norms - _units.Sum(unit => unit.Bytes);
        return new MemoryDemand(
            baseBytes, LlamaModel.StepBytes(shape, size, activations, HasHead) + exchanged, norms, table, isHost && part.HasEmbedding ? LookedUpBytes : 0,
            [.. _units.Take(part.LayerCount).Select(unit => unit.Bytes)], HasHead ? _units[^1].Bytes : 0, least * bytesPerBlock, most * bytesPerBlock);
    }

    private int MostBlocks => (int)Math.Min((long)size.BlocksPerSequence * options.MaxSequences, int.MaxValue / options.BlockSize);

    private bool HasHead => part.HasHead(source.Config);

    private long LookedUpBytes => RowTable.BytesOf(Matrix.BytesOf(1, source.Config.HiddenSize, dtype), TableRows, source.Config.VocabSize);

    // Those of a step, and as many that may be asked for again.
    private int TableRows => 2 * size.Tokens;
}
