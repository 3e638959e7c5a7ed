namespace Llama.Model.Cuda;

/// <summary>Finds out which of two graphs that do the same is faster.</summary>
internal sealed class GraphTrial(CudaStream stream) : IDisposable
{
    private readonly nint _start = stream.Driver.CreateEvent(), _end = stream.Driver.CreateEvent();

    /// <summary>Whether the second is. Each is launched twice, by turns, because the first time it is still brought to the device.</summary>
    public bool IsFaster(nint first, nint second)
    {
        Time(first);
        Time(second);
        return Time(first) > Time(second);
    }

    public void Dispose()
    {
        stream.Driver.DestroyEvent(_start);
        stream.Driver.DestroyEvent(_end);
    }

    // In milliseconds.
    private float Time(nint graph)
    {
        stream.Driver.Record(_start, stream.Handle);
        stream.Driver.LaunchGraph(graph, stream.Handle);
        stream.Driver.Record(_end, stream.Handle);
        stream.Driver.WaitFor(_end);
        return stream.Driver.MillisecondsBetween(_start, _end);
    }
}
