namespace Llama.Model.Cuda.Native;

/// <summary>Makes of an error of the driver what is thrown: the call, the driver's own words, and what to do where that is known.</summary>
internal static class DriverFault
{
    /// <summary>Throws if a call failed.</summary>
    public static void Check(DriverApi api, int error, string call)
    {
        if (error != 0) throw Of(api, error, call);
    }

    /// <summary>The exception for a call that failed.</summary>
    /// <param name="api">The driver.</param>
    /// <param name="error">What it returned, not 0.</param>
    /// <param name="call">What was called, with what.</param>
    public static CudaException Of(DriverApi api, int error, string call) => new($"{call} failed: {Text(api, error)}")
    {
        IsContextLost = IsContextLost((DriverError)error),
    };

    /// <summary>An error and its remedy in words.</summary>
    public static string Text(DriverApi api, int error) => $"{api.Describe(error)}. {Remedy((DriverError)error, api)}".TrimEnd();

    private static string Remedy(DriverError error, DriverApi api) => error switch
    {
        DriverError.OutOfMemory => "Lower Model:MemoryUtilization or Model:BlockCount; nvidia-smi shows what else holds memory of the GPU.",
        DriverError.StubLibrary => "The libcuda.so.1 that was found is the toolkit's stub: take its folder (…/stubs) out of LD_LIBRARY_PATH.",
        DriverError.DeviceUnavailable => "Another process has the GPU for itself (compute mode): end it, or 'nvidia-smi -c DEFAULT'.",
        DriverError.NoDevice => "No GPU is visible: look at nvidia-smi and CUDA_VISIBLE_DEVICES; a container needs '--gpus all'.",
        DriverError.InvalidImage or DriverError.NoBinaryForGpu or DriverError.InvalidPtx or DriverError.UnsupportedPtxVersion =>
            $"The driver is made for CUDA {api.Version}; it may be too old for what the compiler (NVRTC) wrote: update the driver, or install an NVRTC of that version.",
        DriverError.LaunchOutOfResources => "The kernel asks for more registers or shared memory than a multiprocessor has.",
        DriverError.SystemNotReady => "On machines with NVSwitch the fabric manager must run: 'systemctl start nvidia-fabricmanager'.",
        DriverError.SystemDriverMismatch =>
            "libcuda.so.1 and the kernel's NVIDIA module are of different versions: reboot, or mount the host's own libcuda into the container.",
        DriverError.CompatNotSupportedOnDevice =>
            "The forward compatibility package (cuda-compat) does not fit this GPU: take its libcuda.so.1 out of LD_LIBRARY_PATH.",
        _ when IsContextLost(error) =>
            "A kernel that ran before may be the cause. Nothing on this GPU works any more in this process: restart the server. "
            + "If it comes again, Model:Kernels=plain or Model:Device=cpu avoid it.",
        _ => "",
    };

    // After these the driver answers every further call with the same error, whatever it is.
    private static bool IsContextLost(DriverError error) => error
        is DriverError.EccUncorrectable or DriverError.NvlinkUncorrectable or DriverError.Contained
        or DriverError.IllegalAddress or DriverError.LaunchTimeout or DriverError.ContextIsDestroyed or DriverError.Assert or DriverError.MpsClientTerminated
        or (>= DriverError.HardwareStackError and <= DriverError.LaunchFailed) or DriverError.TensorMemoryLeak;
}
