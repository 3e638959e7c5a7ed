using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Offload;
using Llama.Model.Parallel;

namespace Llama.Model;

/// <summary>A model, or a part of one, on its device: weights, kernels and KV cache, and what runs its steps. Belongs to the device's thread.</summary>
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
            Description = new DeviceDescription(device, Config.Quantization, _source.Codes, Weights, _kernels);
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

    /// <summary>Ends when all weights have the form in which they stay.</summary>
    public Task Packed => _packing.End;

    /// <summary>What it is, in words.</summary>
    public DeviceDescription Description { get; }

    /// <summary>Runs its steps; there once the cache is.</summary>
    public StepRunner Steps { get; private set; } = null!;

    /// <summary>How many blocks of the cache there is room for now.</summary>
    /// <exception cref="InsufficientMemoryException">Not enough for one full sequence.</exception>
    public KvPoolSize DerivePool()
    {
        return _plan?.Pool(Derive, BytesPerBlock) ?? Derive();

        KvPoolSize Derive() => KvPoolSize.Derive(_device.Options, _size.ContextLength, BytesPerBlock, _device.FreeBytes - _packing.Bytes, _device.Choice.CacheShare);
    }

    /// <summary>Allocates the cache; then steps can be run.</summary>
    public void UseCache(int blockCount)
    {
        KvCache cache = new(Weights.Config, blockCount, _size.BlockSize, _device.KvDtype, _device.Memory);
        _model.UseCache(cache);
        Steps = new StepRunner(_device.Backend, _model, CreateStep());
        if (_plan?.Stream is { } stream && _device.Choice.Process is { } process)
            Steps.Spare = new SpareMemory(process, stream, Weights, new UntouchedMemory(Weights, _kernels, _size, _device.Backend.ActivationDtype, cache));
        _packing.Start();
    }

    /// <summary>What lies here; there once the cache does.</summary>
    /// <param name="blockCount">Of the cache.</param>
    public DeviceShare Share(int blockCount) => new(_device.Choice.Device.Name, Weights.ByteCount - (_plan?.OutsideBytes ?? 0), blockCount * BytesPerBlock, _device.TakenBytes)
    {
        Busy = Steps.Busy,
        Traffic = _plan?.Stream?.Traffic,
    };

    /// <summary>How it lies within its limit, and the rate to expect: for the start-up lines. Null without a limit.</summary>
    public string? DescribeMemory() => _plan?.Describe();

    /// <summary>As <see cref="ModelRunner.MeasureStream"/>.</summary>
    /// <param name="most">For how long, each time.</param>
    public StreamRate? MeasureStream(TimeSpan most) => _plan?.MeasureStream(most);

    /// <summary>Products of its layers, to be timed with up to so many rows.</summary>
    public ProductTrial CreateProductTrial(int mostRows) => new(Weights, _kernels, _device.Memory, mostRows);

    // Also of one whose loading failed: what takes over something disposes it.
    public void Dispose()
    {
        _packing.Stop();
        Steps?.Dispose();
        _shared?.Dispose();
        if (_model is not null) _model.Dispose();
        else if (Weights is not null) Weights.Dispose();
        else
        {
            _plan?.Stream?.Dispose();
            _source?.Dispose();
        }
    }

    // Of a part that has the head.
    private IStep? CreateStep()
    {
        if (Weights.Head is not null)
            return Weights.Part.Shard == 0 ? _device.Backend.CreateStep(_model, WithAllTokens(Weights.Config), _size, isAlone: _group is null) : new FollowingStep(_model, _device.Backend);
        _device.Backend.FinishLoading();
        return null;
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
