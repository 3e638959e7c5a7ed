namespace Llama.Model.Cuda;

/// <summary>Finds out which of two graphs that do the same is faster.</summary>
internal sealed class GraphTrial(CudaStream stream) : IDisposable
{
    private const int Rounds = 3; // the first warms up

    private readonly nint _start = stream.Driver.CreateEvent(), _end = stream.Driver.CreateEvent();

    /// <summary>Whether the second is, if both are launched by turns.</summary>
    public bool IsFaster(nint first, nint second)
    {
        (float ofFirst, float ofSecond) = (float.PositiveInfinity, float.PositiveInfinity);
        for (int round = 0; round < Rounds; round++)
        {
            (float one, float other) = (Time(first), Time(second));
            if (round > 0) (ofFirst, ofSecond) = (Math.Min(ofFirst, one), Math.Min(ofSecond, other));
        }
        return ofSecond < ofFirst;
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
