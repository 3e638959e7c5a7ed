using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Threads;

/// <summary>The calling thread while it has a model: its loops are done by a team, and if anything on it needs torch, that is in inference mode.</summary>
internal sealed class RunnerThread : IDisposable
{
    [ThreadStatic]
    private static RunnerThread? _current;

    private IDisposable? _inferenceMode; // tensors made inside it can only be changed inside it

    /// <param name="threadCount">With the calling one; 1 or more.</param>
    public RunnerThread(int threadCount)
    {
        Team = new ThreadTeam(threadCount);
        ParallelFor.Use(Team);
        _current = this;
    }

    public ThreadTeam Team { get; }

    /// <summary>Loads libtorch for the calling thread if that has not happened yet: before the first call of torch.</summary>
    /// <exception cref="TorchLoadException">It cannot be loaded.</exception>
    public static void UseTorch()
    {
        TorchLibrary.Load();
        _current?.EnterTorch();
    }

    public void Dispose()
    {
        _inferenceMode?.Dispose();
        _current = null;
        ParallelFor.Use(null);
        Team.Dispose();
    }

    private void EnterTorch()
    {
        if (_inferenceMode is not null) return;
        _inferenceMode = inference_mode();
        GC.SuppressFinalize(_inferenceMode); // its finalizer would end the mode of this thread, whatever that then does, from another
        set_num_threads(Team.ThreadCount);
    }
}
