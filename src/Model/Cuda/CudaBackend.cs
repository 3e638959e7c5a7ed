using System.Diagnostics.CodeAnalysis;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Cuda.Native;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>A CUDA device with kernels of our own, by the driver, NVRTC and cuBLAS alone: no CUDA build of libtorch is needed.</summary>
internal sealed class CudaBackend : IBackend
{
    /// <summary>Tokens of a step when no setting says so.</summary>
    public const int StepTokens = 2048;

    private readonly ICudaDriver _driver;
    private readonly CudaStream _stream;
    private readonly ICudaProducts? _products;
    private readonly CudaMemory _memory;
    private readonly bool _deterministic;
    private BatchUpload? _upload;
    private CudaKernels? _kernels;
    private SamplingKernels? _sampling;
    private bool _streams; // weights
    private readonly long _freeAtFirst; // bytes

    /// <summary>Takes over the driver.</summary>
    /// <param name="driver">Its device's context is current on this thread.</param>
    /// <param name="compiler">Of kernels.</param>
    /// <param name="createProducts">cuBLAS on a stream; null where there is none.</param>
    /// <param name="dtype">Type that weights are multiplied in: float32 or bfloat16.</param>
    /// <param name="deterministic">Whether a row's result must not depend on the others.</param>
    public CudaBackend(ICudaDriver driver, ICudaCompiler compiler, Func<CudaStream, ICudaProducts?> createProducts, ScalarType dtype, bool deterministic)
    {
        (_driver, _deterministic, ActivationDtype) = (driver, deterministic, dtype);
        try
        {
            _freeAtFirst = driver.MemoryInfo().Free;
            _stream = new CudaStream(driver, compiler);
            _products = createProducts(_stream);
            _memory = new CudaMemory(_stream);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A device with what drives it, as this machine has it.</summary>
    /// <param name="index">As in <c>cuda:N</c>.</param>
    /// <param name="dtype">Type that weights are multiplied in.</param>
    /// <param name="deterministic">Whether a row's result must not depend on the others.</param>
    /// <param name="warn">Told what is missing that does without.</param>
    /// <exception cref="CudaException">There is no driver or no NVRTC, with where it was sought; or the device is too old.</exception>
    public static CudaBackend Open(int index, ScalarType dtype, bool deterministic, Action<string> warn)
    {
        if (!CudaDevices.TryFind(out CudaDevices? devices, out string? reason)) throw new CudaException($"Model:Device is cuda:{index}, but {reason}. Use Model:Device=cpu.");
        if (devices[index].Refusal is { } refusal) throw new CudaException($"Model:Device is cuda:{index}, but {refusal}. Use Model:Device=cpu.");
        if (!CudaLibraries.TryFind(ToolkitLibrary.Nvrtc, devices.DriverVersion, out CudaLibrary? nvrtc, out reason)) throw new CudaException($"The kernels for {devices[index].Name} cannot be compiled: {reason}");
        Nvrtc compiler = new(nvrtc);
        CudaDriver driver = devices.Open(index);
        return new CudaBackend(driver, new CompileCache(compiler, compiler.Identity, CompileCache.DefaultFolder, warn), Products, dtype, deterministic);

        ICudaProducts? Products(CudaStream stream)
        {
            if (CudaLibraries.TryFind(ToolkitLibrary.Cublas, devices.DriverVersion, out CudaLibrary? cublas, out string? missing)) return new CublasProducts(driver, stream.Handle, cublas);
            warn($"Large products go without cuBLAS, more slowly: {missing}");
            return null;
        }
    }

    /// <summary>Whether the first device will do, and what is needed beside the driver is there.</summary>
    public static bool CanOpen(CudaDevices devices, [NotNullWhen(false)] out string? reason) =>
        (reason = devices[0].Refusal) is null && CudaLibraries.TryFind(ToolkitLibrary.Nvrtc, devices.DriverVersion, out _, out reason);

    public DeviceMemory Memory => _memory;

    /// <summary>On which everything is enqueued.</summary>
    public CudaStream Stream => _stream;

    public ScalarType ActivationDtype { get; }

    public int BatchTokens => StepTokens;

    public bool RunsAhead => true;

    public IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype)
    {
        _upload = new BatchUpload(_stream, size.Tokens, size.Samples, size.BlocksPerSequence);
        _kernels = new CudaKernels(_stream, _upload.Batch, _products, config, size, ActivationDtype, kvDtype, _deterministic);
        _memory.PackCodes = _kernels.Pack;
        _sampling = new SamplingKernels(_stream, config.VocabSize, size.Samples);
        return _kernels;
    }

    // Room to grow: the slice that codes are widened into, sums of products that are cut, what drawing tokens takes.
    public long BaseBytes(LlamaConfig config, StepSize size, bool isAhead)
    {
        const long growth = 64L << 20;
        return _freeAtFirst - _driver.MemoryInfo().Free + growth;
    }

    public WeightStream CreateStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows)
    {
        _streams = true;
        return new CudaWeightStream(_stream, source, units, plan);
    }

    public void FinishLoading() => _stream.FinishLoading();

    public void Synchronize() => _stream.Synchronize();

    public void Bring(ForwardBatch batch)
    {
        _stream.Synchronize(); // the buffer may be on its way from the last time
        _upload!.Enqueue(batch, batch.SequenceCount, buffer: 0);
    }

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone)
    {
        PromptReader reader = new(model.Head!, new CudaScorer(_stream, _sampling!, size.Samples), new HostRows(_memory));
        bool hasGraphs = isAlone && !_streams;
        CudaStep step = new(model, _stream, _upload!, new CudaSampler(_stream, _sampling!, config.VocabSize, size.Samples), reader, size, hasGraphs);
        FinishLoading();
        if (hasGraphs && _stream.CanOverlap) _kernels!.OverlapsDecoding = step.RecordFirst();
        return step;
    }

    // Also of one that could not be made whole: the driver was taken over.
    public void Dispose()
    {
        _sampling?.Dispose();
        _kernels?.Dispose();
        _upload?.Dispose();
        _memory?.Dispose();
        _products?.Dispose();
        _stream?.Dispose();
        _driver.Dispose();
    }
}
