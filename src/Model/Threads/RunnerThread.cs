using static TorchSharp.torch;

namespace Llama.Model.Threads;

/// <summary>The calling thread while it has a model: in inference mode, its loops done by a team.</summary>
internal sealed class RunnerThread : IDisposable
{
    private readonly IDisposable _inferenceMode; // tensors made inside it can only be changed inside it

    /// <param name="threadCount">With the calling one; 1 or more.</param>
    public RunnerThread(int threadCount)
    {
        Team = new ThreadTeam(threadCount);
        ParallelFor.Use(Team);
        _inferenceMode = inference_mode();
        set_num_threads(threadCount);
    }

    public ThreadTeam Team { get; }

    public void Dispose()
    {
        _inferenceMode.Dispose();
        ParallelFor.Use(null);
        Team.Dispose();
    }
}
