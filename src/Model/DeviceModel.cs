using System.Diagnostics;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using Llama.Model.Sampling;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>A model, or a part of one, on its device: weights, KV cache, kernels and, with the head, what draws tokens. Belongs to the thread that makes it, is loaded in turn with others, and then stepped.</summary>
internal sealed class DeviceModel : IDisposable
{
    private readonly ModelOptions _options;
    private readonly WeightFormat _format;
    private readonly IBackend _backend;
    private IWeightSource? _source;
    private LlamaWeights? _weights;
    private LlamaModel? _model;
    private IKernels? _kernels;
    private ShardedKernels? _shared; // the kernels, when others have shares in what they compute
    private ShardGroup? _group;
    private IStep? _step; // of a part that has the head
    private StepSize _size;
    private MemoryPlan? _plan; // null without a limit
    private SpareMemory? _spare; // null but where weights stream and some are kept
    private StreamRate? _rate; // at which they came when measured last
    private readonly long _freeAtFirst;
    private readonly BusyTime _busy = new();

    /// <summary>Takes the device into use.</summary>
    public DeviceModel(ModelOptions options, BackendChoice choice)
    {
        (_options, _format, Choice) = (options, WeightFormat.Of(options), choice);
        KvDtype = KvCache.DtypeOf(options.KvDtype, _format.Dtype);
        _backend = choice.Create(_format.Dtype, options.Deterministic);
        _freeAtFirst = FreeBytes;
    }

    public BackendChoice Choice { get; }

    public ScalarType KvDtype { get; }

    public ScalarType ActivationDtype => _backend.ActivationDtype;

    /// <summary>As <see cref="IBackend.BatchTokens"/>.</summary>
    public int BatchTokens => _backend.BatchTokens;

    /// <summary>As <see cref="IBackend.RunsAhead"/>.</summary>
    public bool RunsAhead => _backend.RunsAhead;

    /// <summary>As <see cref="DeviceMemory.HoldsCodes"/>.</summary>
    public bool HoldsCodes => _backend.Memory.HoldsCodes;

    /// <summary>Bytes that the device could give now.</summary>
    public long FreeBytes => _backend.Memory.FreeBytes();

    /// <summary>As <see cref="ModelRunner.IsAhead"/>.</summary>
    public bool IsAhead => _step!.IsAhead;

    /// <summary>As <see cref="ModelRunner.Waited"/>.</summary>
    public TimeSpan Waited => _step?.Waited ?? TimeSpan.Zero;

    /// <summary>What it holds; there once it is loaded.</summary>
    public LlamaWeights Weights => _weights!;

    /// <summary>The shape of the whole model; there once it is loaded.</summary>
    public LlamaConfig Config => _group?.Whole ?? _source!.Config;

    /// <summary>Bytes of one block of the cache in all layers that lie here.</summary>
    public long BytesPerBlock => KvCache.BytesPerBlock(Weights.Config, _options.BlockSize, KvDtype);

    /// <summary>Its kernels, for the start-up lines.</summary>
    public string Kernels => _kernels!.Describe(Weights);

    /// <summary>The same without what is measured anew at each start.</summary>
    public string Arithmetic => $"{_kernels!.Describe()}{(_options.Deterministic ? ", deterministic" : "")}";

    /// <summary>Its types of weights, for the start-up lines.</summary>
    public string Format => _format.Describe(Config.Quantization, _source!.Codes);

    /// <summary>Loads all but the cache.</summary>
    /// <param name="batchTokens">Most tokens of a step.</param>
    /// <param name="part">What of the model; null for all.</param>
    /// <param name="group">The devices that the part's layers are shared with; null for none.</param>
    public void Load(int batchTokens, ModelPart? part = null, ShardGroup? group = null)
    {
        _group = group;
        _source = WeightSource.Open(_options.Path, _format, _backend.Memory, part, mayStream: Choice.MemoryLimit is not null);
        _size = new StepSize(batchTokens, _options.MaxSequences, ModelRunner.ContextLengthOf(_options, Config), _options.BlockSize);
        ModelPart held = part ?? ModelPart.Whole(Config);
        LlamaConfig shape = held.ShapeOf(_source.Config);
        _kernels = _backend.CreateKernels(WithAllTokens(shape), _size, KvDtype);
        if (group is not null) _kernels = _shared = group.Join(held, _kernels, _backend, _size.Samples);
        if (Choice.MemoryLimit is long limit)
        {
            long exchanged = group is null ? 0 : ShardGroup.BytesOf(group.Whole, held, _size, _backend.Memory.IsHost);
            _plan = new MemoryPlan(limit, _options, _source, held, _size, _format.Dtype, exchanged);
            _plan.Make(_plan.Demand(_backend, KvCache.BytesPerBlock(shape, _options.BlockSize, KvDtype)), FreeBytes);
            _plan.Begin(_backend, keeps: Choice.Process is not null);
        }
        _weights = new LlamaWeights(_source, part, _plan?.Stream);
        _kernels.Calibrate(_weights);
        _model = new LlamaModel(_weights, _kernels, _backend.Memory, _size, ActivationDtype);
    }

    /// <summary>How many blocks of the cache there is room for now.</summary>
    /// <exception cref="InsufficientMemoryException">Not enough for one full sequence.</exception>
    public KvPoolSize DerivePool()
    {
        return _plan?.Pool(Derive, BytesPerBlock) ?? Derive();

        KvPoolSize Derive() => KvPoolSize.Derive(_options, _size.ContextLength, BytesPerBlock, FreeBytes, Choice.CacheShare);
    }

    /// <summary>How it lies within its limit, and the rate to expect: for the start-up lines. Null without a limit.</summary>
    public string? DescribeMemory() => _plan?.Describe(_rate);

    /// <summary>As <see cref="ModelRunner.MeasureStream"/>.</summary>
    /// <param name="most">For how long, each time.</param>
    public StreamRate? MeasureStream(TimeSpan most) => _rate = _plan?.Stream?.Measure(most);

    /// <summary>What lies here; there once the cache does.</summary>
    /// <param name="blockCount">Of the cache.</param>
    public DeviceShare Share(int blockCount) => new(
        Choice.Device.Name, Weights.ByteCount - (_plan?.OutsideBytes ?? 0), blockCount * BytesPerBlock, _backend.Memory.IsHost ? null : _freeAtFirst - FreeBytes)
    {
        Busy = _busy,
        Traffic = _plan?.Stream?.Traffic,
    };

    /// <summary>Allocates the cache; then steps can be run.</summary>
    public void UseCache(int blockCount)
    {
        KvCache cache = new(Weights.Config, blockCount, _options.BlockSize, KvDtype, _backend.Memory);
        _model!.UseCache(cache);
        if (Weights.Head is null) _backend.FinishLoading();
        else if (Weights.Part.Shard == 0) _step = _backend.CreateStep(_model, WithAllTokens(Weights.Config), _size, isAlone: _group is null);
        else _step = new FollowingStep(_model, _backend);
        if (_plan?.Stream is { } stream && Choice.Process is { } process) _spare = new SpareMemory(process, stream, Weights, new UntouchedMemory(Weights, _kernels!, _size, ActivationDtype, cache));
    }

    /// <summary>Whether some weights do not stay.</summary>
    public bool Streams => _plan is { Layout.Streams: true };

    /// <summary>Products of its layers, to be timed with up to so many rows.</summary>
    public ProductTrial CreateProductTrial(int mostRows) => new(Weights, _kernels!, _backend.Memory, mostRows);

    /// <summary>Runs a step of a model, or its last part, as <see cref="IModelRunner.Run"/> says.</summary>
    public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        long start = Stopwatch.GetTimestamp();
        _spare?.GiveWay(batch);
        _step!.Run(batch, sampled, scored);
        _busy.AddSince(start);
    }

    /// <summary>Takes the residual stream of a step, which is run next, from the part before.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="stream">[tokens, hidden] float32, on the host.</param>
    public void Take(ForwardBatch batch, Matrix stream)
    {
        _step?.Prepare(batch);
        _backend.Memory.Upload(stream, _model!.Stream(stream.Rows));
    }

    /// <summary>Runs a step of a part without the head and hands on the residual stream behind its layers.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="stream">[tokens, hidden] float32, on the host; null where another device hands it on.</param>
    public unsafe void Run(ForwardBatch batch, Matrix? stream)
    {
        long start = Stopwatch.GetTimestamp();
        _spare?.GiveWay(batch);
        _backend.Bring(batch);
        Matrix residual = _model!.Forward(batch);
        if (stream is null) _backend.Synchronize();
        else _backend.Memory.Download(residual, stream.Data);
        _busy.AddSince(start);
    }

    public void Dispose()
    {
        _step?.Dispose();
        _shared?.Dispose();
        if (_model is not null) _model.Dispose();
        else if (_weights is not null) _weights.Dispose();
        else
        {
            _plan?.Stream?.Dispose();
            _source?.Dispose();
        }
        _backend.Dispose();
    }

    private LlamaConfig WithAllTokens(LlamaConfig shape) => shape with { VocabSize = Config.VocabSize };
}
