using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Model.Sampling;

namespace Llama.Model;

/// <summary>A model, or a part of one, on its device: weights, kernels, KV cache and, with the head, what draws tokens. Belongs to the device's thread.</summary>
internal sealed class DeviceModel : IDisposable
{
    private readonly ModelDevice _device;
    private readonly ShardGroup? _group; // the devices that its layers are shared with
    private readonly IWeightSource _source;
    private readonly BackgroundPacking _packing = new();
    private readonly StepSize _size;
    private readonly IKernels _kernels;
    private readonly ShardedKernels? _shared; // the kernels, when others have shares in what they compute
    private readonly MemoryPlan? _plan; // null without a limit
    private readonly LlamaModel _model;
    private readonly BusyTime _busy = new();
    private IStep? _step; // of a part that has the head; see UseCache
    private SpareMemory? _spare; // null but where weights stream and some are kept
    private StreamRate? _rate; // at which they came when measured last

    /// <summary>Loads all but the cache.</summary>
    /// <param name="device">Where; stays the caller's.</param>
    /// <param name="batchTokens">Most tokens of a step.</param>
    /// <param name="part">What of the model; null for all.</param>
    /// <param name="group">The devices that the part's layers are shared with; null for none.</param>
    public DeviceModel(ModelDevice device, int batchTokens, ModelPart? part = null, ShardGroup? group = null)
    {
        ModelOptions options = device.Options;
        (_device, _group) = (device, group);
        try
        {
            _source = device.OpenWeights(part, _packing);
            ModelPart held = part ?? ModelPart.Whole(Config);
            _size = StepSize.Of(options, Config, batchTokens);
            _kernels = device.Backend.CreateKernels(WithAllTokens(held.ShapeOf(_source.Config)), _size, device.KvDtype);
            if (group is not null) _kernels = _shared = group.Join(held, _kernels, device.Backend, _size.Samples);
            _plan = PlanWithin(device.Choice.MemoryLimit, held);
            Weights = new LlamaWeights(_source, part, _plan?.Stream);
            _kernels.Calibrate(Weights);
            _model = new LlamaModel(Weights, _kernels, device.Memory, _size, device.Backend.ActivationDtype);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it holds.</summary>
    public LlamaWeights Weights { get; }

    /// <summary>The shape of the whole model.</summary>
    public LlamaConfig Config => _group?.Whole ?? _source.Config;

    /// <summary>Bytes of one block of the cache in all layers that lie here.</summary>
    public long BytesPerBlock => BytesPerBlockOf(Weights.Config);

    /// <summary>Whether some weights do not stay.</summary>
    public bool Streams => _plan is { Layout.Streams: true };

    /// <summary>Types of weights, cache and activations, for the start-up lines.</summary>
    public string Types => ModelDescription.Types(_device.Options, _device.Format.Describe(Config.Quantization, _source.Codes), _device.KvDtype, _device.Backend.ActivationDtype);

    /// <summary>Its kernels, for the start-up lines.</summary>
    public string Kernels => _kernels.Describe(Weights);

    /// <summary>The same without what is measured anew at each start.</summary>
    public string Arithmetic => $"{_kernels.Describe()}{(Weights.Layers[0].Mlp.Gate is PackedWeight or PackedCodes or PackingWeight ? ", packed weights" : "")}{(_device.Options.Deterministic ? ", deterministic" : "")}";

    /// <summary>As <see cref="ModelRunner.IsAhead"/>.</summary>
    public bool IsAhead => _step!.IsAhead;

    /// <summary>As <see cref="ModelRunner.Waited"/>.</summary>
    public TimeSpan Waited => _step?.Waited ?? TimeSpan.Zero;

    /// <summary>How many blocks of the cache there is room for now.</summary>
    /// <exception cref="InsufficientMemoryException">Not enough for one full sequence.</exception>
    public KvPoolSize DerivePool()
    {
        return _plan?.Pool(Derive, BytesPerBlock) ?? Derive();

        KvPoolSize Derive() => KvPoolSize.Derive(_device.Options, _size.ContextLength, BytesPerBlock, _device.FreeBytes - _packing.Bytes, _device.Choice.CacheShare);
    }

    /// <summary>Ends when all weights have the form in which they stay.</summary>
    public Task Packed => _packing.End;

    /// <summary>Allocates the cache; then steps can be run.</summary>
    public void UseCache(int blockCount)
    {
        IBackend backend = _device.Backend;
        KvCache cache = new(Weights.Config, blockCount, _size.BlockSize, _device.KvDtype, backend.Memory);
        _model.UseCache(cache);
        if (Weights.Head is null) backend.FinishLoading();
        else if (Weights.Part.Shard == 0) _step = backend.CreateStep(_model, WithAllTokens(Weights.Config), _size, isAlone: _group is null);
        else _step = new FollowingStep(_model, backend);
        if (_plan?.Stream is { } stream && _device.Choice.Process is { } process)
            _spare = new SpareMemory(process, stream, Weights, new UntouchedMemory(Weights, _kernels, _size, backend.ActivationDtype, cache));
        _packing.Start();
    }

    /// <summary>What lies here; there once the cache does.</summary>
    /// <param name="blockCount">Of the cache.</param>
    public DeviceShare Share(int blockCount) => new(_device.Choice.Device.Name, Weights.ByteCount - (_plan?.OutsideBytes ?? 0), blockCount * BytesPerBlock, _device.TakenBytes)
    {
        Busy = _busy,
        Traffic = _plan?.Stream?.Traffic,
    };

    /// <summary>How it lies within its limit, and the rate to expect: for the start-up lines. Null without a limit.</summary>
    public string? DescribeMemory() => _plan?.Describe(_rate);

    /// <summary>As <see cref="ModelRunner.MeasureStream"/>.</summary>
    /// <param name="most">For how long, each time.</param>
    public StreamRate? MeasureStream(TimeSpan most) => _rate = _plan?.Stream?.Measure(most);

    /// <summary>Products of its layers, to be timed with up to so many rows.</summary>
    public ProductTrial CreateProductTrial(int mostRows) => new(Weights, _kernels, _device.Memory, mostRows);

    /// <summary>Takes the residual stream of a step, which is run next, from the part before.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="stream">[tokens, hidden] float32, on the host.</param>
    public void Take(ForwardBatch batch, Matrix stream)
    {
        _step?.Prepare(batch);
        _device.Memory.Upload(stream, _model.Stream(stream.Rows));
    }

    /// <summary>Runs a step of a model, or its last part, as <see cref="IModelRunner.Run"/> says.</summary>
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        using BusyTime.Stretch work = BeginStep(batch);
        _step!.Run(batch, sampled, scored);
    }

    /// <summary>Runs a step of a part without the head and hands on the residual stream behind its layers.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="stream">[tokens, hidden] float32, on the host; null where another device hands it on.</param>
    public unsafe void Run(ForwardBatch batch, Matrix? stream)
    {
        using BusyTime.Stretch work = BeginStep(batch);
        _device.Backend.Bring(batch);
        Matrix residual = _model.Forward(batch);
        if (stream is null) _device.Backend.Synchronize();
        else _device.Memory.Download(residual, stream.Data);
    }

    // Also of one whose loading failed: what takes over something disposes it.
    public void Dispose()
    {
        _packing.Stop();
        _step?.Dispose();
        _shared?.Dispose();
        if (_model is not null) _model.Dispose();
        else if (Weights is not null) Weights.Dispose();
        else
        {
            _plan?.Stream?.Dispose();
            _source?.Dispose();
        }
    }

    private BusyTime.Stretch BeginStep(ForwardBatch batch)
    {
        BusyTime.Stretch work = _busy.Begin();
        _spare?.GiveWay(batch);
        return work;
    }

    private MemoryPlan? PlanWithin(long? limit, ModelPart held)
    {
        if (limit is not long bytes) return null;
        long exchanged = _group is null ? 0 : ShardGroup.BytesOf(_group.Whole, held, _size, _device.Memory.IsHost);
        MemoryPlan plan = new(bytes, _device.Options, _source, held, _size, _device.Format.Dtype, _device.Memory.IsHost, exchanged);
        plan.Make(plan.Demand(_device.Backend, BytesPerBlockOf(held.ShapeOf(_source.Config))), _device.FreeBytes);
        plan.Begin(_device.Backend, keeps: _device.Choice.Process is not null);
        return plan;
    }

    private long BytesPerBlockOf(LlamaConfig shape) => KvCache.BytesPerBlock(shape, _size.BlockSize, _device.KvDtype);

    private LlamaConfig WithAllTokens(LlamaConfig shape) => shape with { VocabSize = Config.VocabSize };
}
