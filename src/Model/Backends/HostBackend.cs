using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Backends;

/// <summary>The processor, with its own kernels or the plain ones; and the plain ones on whatever device torch has.</summary>
internal sealed class HostBackend : IBackend
{
    /// <summary>Tokens of a step when no setting says so.</summary>
    public const int StepTokens = 512;

    /// <summary>Why weights cannot stream to a device of torch's.</summary>
    public const string CannotStream = "The weights do not fit Model:MemoryLimit, and with plain kernels on CUDA they cannot stream; raise it, or set Model:Kernels=fused.";

    private const long LibtorchBytes = 96L << 20; // of its code once it is loaded; about as much is touched by the first steps
    private const long ProcessBytes = 192L << 20; // of a server before its model; 160 MiB were seen, room to grow included (GrownBytes). A fixed figure, so that a plan and every process reckon with the same

    private readonly Func<IKernels> _createKernels;
    private readonly Func<LlamaConfig, int, int, long> _scratchBytes; // as IKernels.ScratchBytes, before there are any
    private readonly long _processBytes;
    private readonly HostRows _onHost;

    private HostBackend(DeviceMemory memory, Func<IKernels> createKernels, Func<LlamaConfig, int, int, long>? scratchBytes = null, long processBytes = ProcessBytes)
    {
        (Memory, _createKernels, _scratchBytes, _processBytes, _onHost) = (memory, createKernels, scratchBytes ?? ((_, _, _) => 0), processBytes, new HostRows(memory));
    }

    public DeviceMemory Memory { get; }

    public ScalarType ActivationDtype => ScalarType.Float32;

    public int BatchTokens => StepTokens;

    public bool RunsAhead => false;

    public bool TakesPackedWeights { get; private init; }

    private Predicate<Weight> TakesReaders { get; init; } = _ => false;

    /// <summary>The processor's own kernels, for weights of this type.</summary>
    public static HostBackend Fused(ScalarType dtype, bool deterministic, HostMemory? memory = null) =>
        new(memory ?? HostMemory.Instance, () => SimdKernels.Create(dtype, deterministic)) { TakesPackedWeights = SimdKernels.TakesPackedWeights(dtype), TakesReaders = SimdKernels.TakesReaders };

    /// <summary>C# without SIMD: what others are compared with where there is no libtorch.</summary>
    public static HostBackend Scalar(ScalarType dtype, HostMemory? memory = null) => new(memory ?? HostMemory.Instance, () => SimdKernels.CreateScalar(dtype));

    /// <summary>Plain kernels on the processor.</summary>
    public static HostBackend Plain(HostMemory memory) => new(memory, () => new PlainKernels("cpu"), PlainKernels.StepScratchBytes, ProcessBytes + LibtorchBytes);

    /// <summary>Plain kernels on another device of torch.</summary>
    public static HostBackend PlainOn(string device) => new(new TorchMemory(device), () => new PlainKernels(device));

    public IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype) => _createKernels();

    /// <summary>What kernels keep of a step's input in other forms.</summary>
    public static long InputBytes(LlamaConfig config, int tokens) => 2 * Matrix.BytesOf(tokens, config.IntermediateSize, ScalarType.BFloat16);

    public long BaseBytes(LlamaConfig config, StepSize size, bool isAhead)
    {
        long process = isAhead ? _processBytes : Math.Max(_processBytes, GrownBytes());
        return process / ((HostMemory)Memory).Sharers + InputBytes(config, size.Tokens) + _scratchBytes(config, size.Tokens, size.ContextLength);
    }

    public WeightStream CreateStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows)
    {
        if (!Memory.IsHost) throw new ArgumentException(CannotStream);
        HostUnits stored = new(source, units, plan, dtype, tableRows);
        if (!stored.FitCache) return new HostWeightStream(stored, plan, pastCache: true);
        return stored.TakenBy(TakesReaders) ? new PieceStream(stored, plan) : new HostWeightStream(stored, plan, pastCache: false);
    }

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone) => new HostStep(model, config.VocabSize, _onHost);

    public void Dispose() => Memory.Dispose();

    // With room to grow: code that is compiled as it is first run, the garbage collector's heap under requests, stacks.
    private static long GrownBytes()
    {
        const long growth = 48L << 20;
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true); // what loading left behind is no need
        return ProcessMemory.ResidentBytes() + growth;
    }
}
