namespace Llama.Model.Cuda;

/// <summary>
/// Decode steps, each sequence with one token, as CUDA graphs: what some 300 launches of a step would take the host is done once for each number of rows, of which only some are used; a step is padded
/// up to the next. A graph reads each step's arrays from the addresses of <see cref="CudaBatch"/>.
/// </summary>
/// <param name="stream">Where everything goes.</param>
/// <param name="forward">Enqueues the whole step of a batch.</param>
/// <param name="maxSequences">Most rows.</param>
/// <param name="shape">Arrays for the shape of a step; only its counts and rows are looked at.</param>
internal sealed class DecodeGraphs(CudaStream stream, Action<ForwardBatch> forward, int maxSequences, ForwardBatch shape) : IDisposable
{
    private const int Granularity = 8; // rows that a tensor core takes at once

    private readonly Dictionary<int, nint> _graphs = [];

    /// <summary>Rows of the graph that serves a step of so many sequences: 1, 2, 4, then multiples of eight, or the most there can be.</summary>
    public int RowsFor(int sequences) => Math.Min(maxSequences, sequences switch
    {
        <= 2 => sequences,
        <= 4 => 4,
        _ => (sequences + Granularity - 1) / Granularity * Granularity,
    });

    /// <summary>Enqueues a step whose arrays are on their way.</summary>
    /// <param name="rows">A number that <see cref="RowsFor"/> gives.</param>
    public void Launch(int rows)
    {
        if (!_graphs.TryGetValue(rows, out nint graph)) _graphs[rows] = graph = Capture(rows);
        stream.Driver.LaunchGraph(graph, stream.Handle);
    }

    public void Dispose()
    {
        foreach (nint graph in _graphs.Values) stream.Driver.DestroyGraph(graph);
    }

    private nint Capture(int rows)
    {
        Shape(rows);
        forward(shape); // once for real: the driver loads kernels at their first launch, which must not happen in a recording. The step writes the same again when it is launched.
        stream.Synchronize();
        stream.Driver.BeginCapture(stream.Handle);
        try
        {
            forward(shape);
        }
        catch
        {
            stream.Driver.DestroyGraph(stream.Driver.EndCapture(stream.Handle)); // else the stream stays unusable
            throw;
        }
        return stream.Driver.EndCapture(stream.Handle);
    }

    private void Shape(int rows)
    {
        shape.Clear();
        shape.TokenCount = shape.SequenceCount = shape.SampleCount = rows;
        for (int i = 0; i < rows; i++)
        {
            shape.TokenStarts[i + 1] = i + 1;
            shape.ContextLengths[i] = 1;
            shape.Samples[i] = new SampleRow(i, 0, 0, 0, 0, Sampling.SamplingParams.Greedy);
        }
    }
}
