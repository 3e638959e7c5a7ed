using Llama.Model.Backends;
using Llama.Model.Cuda;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>An emulated device for a whole model.</summary>
internal sealed class EmulatedDevice
{
    private EmulatedDriver? _driver;

    /// <summary>Whether large products have a library of their own.</summary>
    public bool HasProducts { get; init; } = true;

    /// <summary>Whether kernels of a graph can overlap.</summary>
    public bool CanOverlap { get; init; }

    /// <summary>Told the name of each kernel before it is enqueued; may throw as the driver would.</summary>
    public Action<string>? OnLaunch { get; init; }

    /// <summary>Fails this call and all that follow, as when a GPU is gone.</summary>
    /// <exception cref="CudaException">Always.</exception>
    public void Lose(string fault) => _driver!.Lose(fault);

    /// <summary>For a model to run on it.</summary>
    public BackendChoice Choice => new(new DeviceChoice(0, "emulated"), Create, []);

    /// <summary>What was made on it and not disposed; empty when nothing was.</summary>
    public string Leaks => _driver?.Leaks ?? "";

    private IBackend Create(ScalarType dtype, bool deterministic)
    {
        EmulatedCompiler compiler = new();
        _driver = new EmulatedDriver { CanOverlap = CanOverlap, OnLaunch = OnLaunch };
        return new CudaBackend(_driver, compiler, stream => HasProducts ? new EmulatedProducts(compiler, stream) : null, dtype, deterministic);
    }
}
