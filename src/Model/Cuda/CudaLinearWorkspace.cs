namespace Llama.Model.Cuda;

/// <summary>Where blocks that share the inputs of a product leave their sums, and count how many have. Launches on one stream follow each other, so all use the same.</summary>
internal sealed class CudaLinearWorkspace : IDisposable
{
    private const int MostResults = 64 * 128; // of a block

    private readonly ICudaDriver _driver;

    /// <summary>For launches of up to so many blocks.</summary>
    public CudaLinearWorkspace(CudaStream stream, int blocks)
    {
        _driver = stream.Driver;
        Sums = _driver.Allocate((long)blocks * MostResults * sizeof(float));
        Counters = _driver.Allocate((long)blocks * sizeof(int));
        _driver.FillAsync(Counters, 0, (long)blocks * sizeof(int), stream.Handle); // each launch leaves them at 0
    }

    /// <summary>Address of float32 sums.</summary>
    public nint Sums { get; }

    /// <summary>Address of int32 counters.</summary>
    public nint Counters { get; }

    public void Dispose()
    {
        _driver.Free(Sums);
        _driver.Free(Counters);
    }
}
