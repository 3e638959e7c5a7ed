using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>A thread that packs weights one after the other while the model is served already.</summary>
internal sealed class BackgroundPacking
{
    private readonly Queue<PackingWeight> _weights = [];
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private volatile bool _isStopping;

    /// <summary>Bytes that it will take, as long as it has not begun.</summary>
    public long Bytes => _weights.Sum(weight => weight.ByteCount);

    /// <summary>Ends when all are packed, or no more will be; fails where that is because something went wrong, which costs speed alone.</summary>
    public Task End => _weights.Count == 0 ? Task.CompletedTask : _end.Task;

    /// <summary>One more weight; before it begins.</summary>
    public void Add(PackingWeight weight) => _weights.Enqueue(weight);

    /// <summary>Begins.</summary>
    public void Start()
    {
        if (_weights.Count == 0) return;
        _thread = new Thread(Live) { Name = "Llama packer", IsBackground = true };
        _thread.Begin();
    }

    /// <summary>Ends it after the weight it is at. Then nothing reads any weight's rows.</summary>
    public void Stop()
    {
        _isStopping = true;
        _thread?.Join();
    }

    private void Live()
    {
        using RunnerThread alone = new(1); // the others have steps to run
        WeightPacker packer = new();
        try
        {
            foreach (PackingWeight weight in _weights)
            {
                if (_isStopping) break;
                weight.Pack(packer);
            }
            _end.SetResult();
        }
        catch (Exception e)
        {
            _end.SetException(new InvalidOperationException($"Weights are not packed any further; the model is served from its file's rows, which is slower: {e.Message}", e));
        }
    }
}
