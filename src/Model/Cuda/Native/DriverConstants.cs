namespace Llama.Model.Cuda.Native;

/// <summary><c>CUdevice_attribute</c>, as far as it is asked for.</summary>
internal enum DeviceAttribute
{
    MultiprocessorCount = 16,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    MaxSharedMemoryPerBlockOptin = 97,
}

/// <summary><c>CUfunction_attribute</c>, as far as it is set.</summary>
internal enum FunctionAttribute
{
    MaxDynamicSharedSizeBytes = 8,

    /// <summary>How much of what first-level cache and shared memory divide is to be shared memory, in percent.</summary>
    PreferredSharedMemoryCarveout = 9,
}

/// <summary><c>CUjit_option</c>, as far as it is used.</summary>
internal enum JitOption
{
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
}

/// <summary><c>CUlaunchAttributeID</c>, as far as it is used.</summary>
internal enum LaunchAttributeId
{
    /// <summary>The kernel may begin before the one before it in its stream is over.</summary>
    ProgrammaticStreamSerialization = 6,
}

/// <summary><c>CUstreamCaptureMode</c>: whose calls that cannot be recorded break a recording.</summary>
internal enum CaptureMode
{
    Global = 0,
    ThreadLocal = 1,
    Relaxed = 2,
}

/// <summary><c>CUresult</c>, as far as something can be said about it that the driver does not say.</summary>
internal enum DriverError
{
    InvalidValue = 1,
    OutOfMemory = 2,
    StubLibrary = 34,
    DeviceUnavailable = 46,
    NoDevice = 100,
    InvalidImage = 200,
    NoBinaryForGpu = 209,
    EccUncorrectable = 214,
    InvalidPtx = 218,
    NvlinkUncorrectable = 220,
    UnsupportedPtxVersion = 222,
    Contained = 226,
    InvalidHandle = 400,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    LaunchTimeout = 702,
    ContextIsDestroyed = 709,
    Assert = 710,
    HardwareStackError = 714,
    IllegalInstruction = 715,
    MisalignedAddress = 716,
    InvalidAddressSpace = 717,
    InvalidPc = 718,
    LaunchFailed = 719,
    TensorMemoryLeak = 721,
    SystemNotReady = 802,
    SystemDriverMismatch = 803,
    CompatNotSupportedOnDevice = 804,
    MpsClientTerminated = 809,
}
