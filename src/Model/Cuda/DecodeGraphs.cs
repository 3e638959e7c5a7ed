using Llama.Model.Kernels;
using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>
/// Decode steps, each sequence with one token, as CUDA graphs: what some 300 launches of a step would take the host is done once for each number of rows, of which only some are used; a step is padded
/// up to the next. A graph reads each step's arrays from the addresses of <see cref="CudaBatch"/>.
/// <para>
/// Where the device can, the kernels of a graph overlap: it idles less between them, but blocks that wait hold the places of others. Which weighs more is tried for each number of rows, on the step itself.
/// </para>
/// </summary>
/// <param name="stream">Where everything goes.</param>
/// <param name="forward">Enqueues the whole step of a batch, of which only counts and rows are looked at, and says where its logits will be.</param>
/// <param name="maxSequences">Most rows.</param>
internal sealed class DecodeGraphs(CudaStream stream, Func<ForwardBatch, Matrix> forward, int maxSequences) : IDisposable
{
    private const int Granularity = 8; // rows that a tensor core takes at once

    private readonly ForwardBatch _shape = new(maxSequences, maxSequences, maxBlocksPerSequence: 0);
    private readonly Dictionary<int, Recording> _recordings = [];
    private readonly GraphTrial _trial = new(stream);
    private bool _canOverlap = stream.CanOverlap;

    /// <summary>Rows of the graph that serves a step of so many sequences: 1, 2, 4, then multiples of eight, or the most there can be.</summary>
    public int RowsFor(int sequences) => Math.Min(maxSequences, sequences switch
    {
        <= 2 => sequences,
        <= 4 => 4,
        _ => (sequences + Granularity - 1) / Granularity * Granularity,
    });

    /// <summary>Enqueues a step whose arrays are on their way, and says where its logits will be.</summary>
    /// <param name="rows">A number that <see cref="RowsFor"/> gives.</param>
    public Matrix Launch(int rows)
    {
        if (!_recordings.TryGetValue(rows, out Recording recording)) recording = Record(rows);
        stream.Driver.LaunchGraph(recording.Graph, stream.Handle);
        return recording.Logits;
    }

    public void Dispose()
    {
        foreach (Recording recording in _recordings.Values) stream.Driver.DestroyGraph(recording.Graph);
        _trial.Dispose();
    }

    /// <summary>Whether the graph for steps of so many sequences is there.</summary>
    public bool Has(int sequences) => _recordings.ContainsKey(RowsFor(sequences));

    /// <summary>Makes a graph, of which the step is run; its arrays are on their way.</summary>
    /// <param name="rows">A number that <see cref="RowsFor"/> gives.</param>
    public Recording Record(int rows)
    {
        Shape(rows);
        forward(_shape); // once for real: the driver loads kernels at their first launch, which must not happen in a recording. Whenever the graph is launched the step does the same again.
        stream.Synchronize();
        Recording recording = Capture(overlaps: false);
        return _recordings[rows] = _canOverlap ? Faster(recording) : recording;
    }

    // The same again with kernels that overlap, if that pays.
    private Recording Faster(Recording plain)
    {
        Recording? overlapping = null;
        bool pays = false;
        try
        {
            overlapping = Capture(overlaps: true);
            pays = _trial.IsFaster(plain.Graph, overlapping.Value.Graph);
        }
        catch (CudaException refused) when (!refused.IsContextLost)
        {
            _canOverlap = false; // a driver that says so and cannot
        }
        if (overlapping is not { } other) return plain;
        stream.Driver.DestroyGraph((pays ? plain : other).Graph);
        return pays ? other : plain;
    }

    private Recording Capture(bool overlaps)
    {
        stream.Driver.BeginCapture(stream.Handle, overlaps);
        try
        {
            Matrix logits = forward(_shape);
            return new Recording(stream.Driver.EndCapture(stream.Handle), logits, overlaps);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    // A stream that is left recording is of no more use.
    private void Abandon()
    {
        try
        {
            stream.Driver.DestroyGraph(stream.Driver.EndCapture(stream.Handle));
        }
        catch (CudaException)
        {
            // The recording was broken, and ended so.
        }
    }

    private void Shape(int rows)
    {
        _shape.Clear();
        _shape.TokenCount = _shape.SequenceCount = _shape.SampleCount = rows;
        for (int i = 0; i < rows; i++)
        {
            _shape.TokenStarts[i + 1] = i + 1;
            _shape.ContextLengths[i] = 1;
            _shape.Samples[i] = new SampleRow(i, 0, 0, 0, 0, SamplingParams.Greedy);
        }
    }

    /// <summary>A graph, where its logits will be, and whether its kernels overlap.</summary>
    public readonly record struct Recording(nint Graph, Matrix Logits, bool Overlaps);
}
