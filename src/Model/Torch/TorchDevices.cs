using System.Runtime.InteropServices;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Torch;

/// <summary>The CUDA devices that torch sees.</summary>
internal static class TorchDevices
{
    /// <summary>How many there are. Where there is no CUDA driver torch is not even loaded.</summary>
    public static int CountCuda()
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out _)) return 0;
        RunnerThread.UseTorch();
        return cuda.is_available() ? cuda.device_count() : 0;
    }
}
