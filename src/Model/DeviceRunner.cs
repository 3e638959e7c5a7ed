using Llama.Model.Backends;
using Llama.Model.Offload;
using Llama.Model.Sampling;
using Llama.Model.Threads;
using Llama.Model.Torch;

namespace Llama.Model;

/// <summary>A model on one device, stepped by the engine's thread itself.</summary>
internal sealed class DeviceRunner : ModelRunner
{
    private readonly RunnerThread _thread;
    private readonly ModelDevice _device;
    private readonly DeviceModel _model;

    public DeviceRunner(ModelOptions options, BackendChoice choice)
    {
        _thread = new RunnerThread(options.Threads ?? Environment.ProcessorCount);
        try
        {
            _device = new ModelDevice(options, choice);
            int batchTokens = options.MaxBatchTokens ?? _device.Backend.BatchTokens;
            _model = new DeviceModel(_device, batchTokens);
            KvPoolSize pool = _model.DerivePool();
            _model.UseCache(pool.BlockCount);
            Limits = LimitsOf(options, _model.Config, batchTokens, pool.BlockCount) with { RunsAhead = _device.Backend.RunsAhead };
            Description = Describe(options, pool);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override ModelDescription Description { get; }

    public override ModelLimits Limits { get; }

    public override bool IsAhead => _model.Steps.IsAhead;

    public override TimeSpan Waited => _model.Steps.Waited;

    public override void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored) => _model.Steps.Run(batch, sampled, scored);

    // Also of one whose loading failed.
    public override void Dispose()
    {
        _model?.Dispose();
        _device?.Dispose();
        _thread.Dispose();
    }

    private protected override StreamRate? MeasureStreamFor(TimeSpan most) => _model.MeasureStream(most);

    private ModelDescription Describe(ModelOptions options, KvPoolSize pool)
    {
        DeviceChoice device = _device.Choice.Device;
        int threads = device.IsCuda ? 0 : _thread.Team.ThreadCount;
        string shape = ModelDescription.Shape(_model.Config), types = _model.Description.Types;
        return new ModelDescription(
            shape,
            $"{device.Name} ({device.Reason}){ModelDescription.Threads(threads)}, {_model.Description.Kernels}{(options.Deterministic ? ", deterministic" : "")}, {TorchLibrary.Description}",
            types,
            ModelDescription.Pool(pool, options.BlockSize, _model.BytesPerBlock))
        {
            Stream = MeasureStreamFor(Moment),
            Memory = _model.DescribeMemory(), // with what was measured
            Computation = $"{shape}; {types}; {_model.Description.Arithmetic}",
            WeightBytes = _model.Weights.ByteCount,
            StepBytes = _model.Weights.StepByteCount,
            Devices = [_model.Share(pool.BlockCount)],
            ThreadCount = threads,
            Packed = _model.Packed,
            Warnings = [.. _device.Choice.Warnings, .. TorchLibrary.Warnings],
        };
    }
}
