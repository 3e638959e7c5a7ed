using System.Globalization;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using static Llama.Model.Offload.MemorySize;
using static TorchSharp.torch;

namespace Llama.Model.Offload;

/// <summary>How a model is laid out under the setting <c>Model:MemoryLimit</c>: asked for once before its weights are brought to the device.</summary>
/// <param name="limit">Bytes that the device may use.</param>
/// <param name="options">As loading got them.</param>
/// <param name="source">Of the weights.</param>
/// <param name="size">Of the largest step.</param>
/// <param name="dtype">Of weights that are not in codes.</param>
internal sealed class MemoryPlan(long limit, ModelOptions options, IWeightSource source, StepSize size, ScalarType dtype)
{
    private readonly IReadOnlyList<WeightUnit> _units = WeightUnit.Of(source, dtype);

    /// <summary>Where each weight goes; set by <see cref="Make"/>.</summary>
    public OffloadPlan Layout { get; private set; } = null!;

    /// <summary>What streams; null if nothing does.</summary>
    public WeightStream? Stream { get; private set; }

    /// <summary>Lays the model out and begins to stream what does not fit.</summary>
    /// <param name="backend">Of the device, with its kernels made.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    /// <exception cref="InsufficientMemoryException">The limit is too small; with the smallest that would do.</exception>
    /// <exception cref="ArgumentException">Weights that would have to stream cannot; with the remedy.</exception>
    public void Make(IBackend backend, long bytesPerBlock)
    {
        Layout = OffloadPlan.Make(limit, Demand(backend, bytesPerBlock), options.MemoryUtilization);
        if (Layout.Streams) Stream = backend.CreateStream(source, _units, Layout, dtype, TableRows);
    }

    /// <summary>The pool of the cache, as large as the limit lets it be.</summary>
    /// <param name="unlimited">What it would be without.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public KvPoolSize Within(KvPoolSize unlimited, long bytesPerBlock)
    {
        long fitting = Layout.KvBytes / bytesPerBlock;
        return fitting >= unlimited.BlockCount ? unlimited : new KvPoolSize((int)fitting, $"what Model:MemoryLimit={Mebibytes(limit)} leaves beside weights and intermediate results");
    }

    /// <summary>What stays, what streams, and the rate to expect, for the start-up lines.</summary>
    /// <param name="bytesPerSecond">Measured.</param>
    public string Describe(double bytesPerSecond)
    {
        if (Stream is null) return $"{Mebibytes(limit)}, and everything fits";
        int layers = _units.Count - 1, resident = Layout.IsResident.Take(layers).Count(stays => stays);
        string streams = Layout.IsResident[^1] ? $"{layers - resident} stream" : $"{layers - resident} and the head stream";
        return string.Create(CultureInfo.InvariantCulture, $"{Mebibytes(limit)}: {resident} of {layers} layers stay, {streams} ({Mebibytes(Stream.StepBytes)} a step, {Stream.Medium}, through {OffloadPlan.Buffers} buffers of ")
            + string.Create(CultureInfo.InvariantCulture, $"{Mebibytes(Layout.BufferBytes)}) at {bytesPerSecond / 1e9:N1} GB/s: at most {bytesPerSecond / Stream.StepBytes:N1} tokens/s for each sequence");
    }

    /// <summary>What the model takes on a device.</summary>
    /// <param name="backend">Of the device, with its kernels made.</param>
    /// <param name="bytesPerBlock">Of the cache, over all layers.</param>
    public MemoryDemand Demand(IBackend backend, long bytesPerBlock)
    {
        LlamaConfig config = source.Config;
        long perSequence = options.BlockCount ?? size.BlocksPerSequence, most = options.BlockCount ?? perSequence * options.MaxSequences;
        CheckpointLayout.ExpectedTensor[] tensors = [.. CheckpointLayout.Expected(config)];
        CheckpointLayout.ExpectedTensor table = tensors.First(tensor => tensor.Name == WeightUnit.Table);
        long lookedUp = backend.Memory.IsHost ? RowTable.BytesOf(WeightDemand.BytesOf(source, table, dtype) / table.Shape[0], TableRows, table.Shape[0]) : 0;
        return new MemoryDemand(
            backend.BaseBytes(config, size), LlamaModel.StepBytes(config, size, backend.ActivationDtype),
            tensors.Where(tensor => tensor.Shape.Length == 1).Sum(tensor => WeightDemand.BytesOf(source, tensor, dtype)),
            WeightDemand.Bytes(source, dtype) - tensors.Where(tensor => tensor != table || config.TieWordEmbeddings).Sum(tensor => WeightDemand.BytesOf(source, tensor, dtype)),
            lookedUp, [.. _units.Select(unit => unit.Bytes)], perSequence * bytesPerBlock, most * bytesPerBlock);
    }

    // Those of a step, and as many that may be asked for again.
    private int TableRows => 2 * size.Tokens;
}
