namespace Llama.Model.Cuda;

/// <summary>How a kernel is laid out over the device.</summary>
/// <param name="GridX">Blocks in x.</param>
/// <param name="GridY">Blocks in y.</param>
/// <param name="GridZ">Blocks in z.</param>
/// <param name="Threads">Threads of a block, all in x.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
/// <param name="IsAwaited">Whether the kernel behind it waits for its end even where kernels overlap: what it leaves can be read by all that follow before they wait for the one before them.</param>
internal readonly record struct LaunchShape(int GridX, int GridY, int GridZ, int Threads, int SharedBytes = 0, bool IsAwaited = false);
