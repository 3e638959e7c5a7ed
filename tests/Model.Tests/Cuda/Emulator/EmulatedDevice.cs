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

    /// <summary>For a model to run on it.</summary>
    public BackendChoice Choice => new(new DeviceChoice(0, "emulated"), Create, []);

    /// <summary>What was made on it and not disposed; empty when nothing was.</summary>
    public string Leaks => _driver?.Leaks ?? "";

    /// <summary>The most device memory that was allocated at once since it was last taken into use, in bytes.</summary>
    public long MostUsed => _driver?.MostUsed ?? 0;

    private IBackend Create(ScalarType dtype, bool deterministic)
    {
        EmulatedCompiler compiler = new();
        _driver = new EmulatedDriver();
        return new CudaBackend(_driver, compiler, stream => HasProducts ? new EmulatedProducts(compiler, stream) : null, dtype, deterministic);
    }
}
