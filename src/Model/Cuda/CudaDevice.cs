namespace Llama.Model.Cuda;

/// <summary>What the driver tells of a device.</summary>
/// <param name="Index">As in <c>cuda:N</c>.</param>
/// <param name="Name">The maker's name of it.</param>
/// <param name="Major">Compute capability before the dot: 9 of 9.0.</param>
/// <param name="Minor">Compute capability behind the dot.</param>
/// <param name="MultiprocessorCount">Multiprocessors (SMs).</param>
/// <param name="SharedMemoryPerBlock">Bytes of shared memory that one block can have when it asks for more than 48 KiB.</param>
internal sealed record CudaDevice(int Index, string Name, int Major, int Minor, int MultiprocessorCount, int SharedMemoryPerBlock)
{
    /// <summary>Least <see cref="Major"/> that the kernels run on: they copy asynchronously and multiply bfloat16 in tensor cores.</summary>
    public const int LeastMajor = 8;

    /// <summary>Why the kernels do not run on it; null if they do.</summary>
    public string? Refusal => Major >= LeastMajor ? null : $"{Name} has compute capability {Major}.{Minor}, and the fused kernels need {LeastMajor}.0 or newer";

    /// <summary>All of its memory, in bytes.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>As compilers name it: <c>sm_90</c>.</summary>
    public string Architecture => $"sm_{Major}{Minor}";
}
