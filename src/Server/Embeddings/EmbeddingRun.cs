using Llama.Scheduling;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Embeddings;

/// <summary>
/// Computes the embeddings of one request's inputs. All go to the engine at once, up to the number that it runs at once: more would only fill the queue that others
/// wait in. Disposing it aborts those that have not ended.
/// </summary>
internal sealed class EmbeddingRun(Engine engine, int mostAtOnce) : IAsyncDisposable
{
    private readonly List<Generation> _generations = [];
    private readonly List<Task<EmbeddingResult>> _results = [];
    private readonly CancellationTokenSource _aborted = new(); // never disposed, having nothing to give back: whoever aborts need not know whether the run is over
    private volatile Generation? _first; // for others to look at
    private int _doneCount; // inputs from the first on that are known to have ended

    /// <summary>The vectors in order of the inputs, of norm 1; complete once <see cref="RunAsync"/> found nothing wrong.</summary>
    public IEnumerable<float[]> Vectors => _results.Select(result => result.Result.Vector!);

    /// <summary>Tokens of the inputs that were begun.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Whether no input has been let in yet.</summary>
    public bool IsWaiting => _doneCount == 0 && (_first?.IsWaiting ?? true);

    /// <summary>Computes every input; returns what is wrong, or null.</summary>
    /// <param name="inputs">One or more.</param>
    /// <param name="gone">Cancelled when the caller is gone.</param>
    public async Task<ApiError?> RunAsync(IReadOnlyList<EmbeddingInput> inputs, CancellationToken gone)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(gone, _aborted.Token);
        try
        {
            return await ComputeAsync(inputs, left.Token);
        }
        catch (OperationCanceledException)
        {
            gone.ThrowIfCancellationRequested();
            return ApiError.AbortedByOperator();
        }
    }

    /// <summary>Gives up what has not ended, and has the caller told why; safe from any thread, more than once and when all is over.</summary>
    public void AbortByOperator() => _aborted.Cancel();

    public async ValueTask DisposeAsync()
    {
        foreach (Generation generation in _generations)
            await generation.DisposeAsync();
    }

    private async Task<ApiError?> ComputeAsync(IReadOnlyList<EmbeddingInput> inputs, CancellationToken left)
    {
        foreach (EmbeddingInput input in inputs)
        {
            if (await StartAsync(input, left) is { } error)
                return error;
        }
        while (_doneCount < inputs.Count)
        {
            if (await WaitForOldestAsync(left) is { } error)
                return error;
        }
        return null;
    }

    /// <summary>Starts one input, if need be after earlier ones have made room for it.</summary>
    private async Task<ApiError?> StartAsync(EmbeddingInput input, CancellationToken left)
    {
        while (true)
        {
            int runningCount = _results.Count - _doneCount;
            Refusal? refusal = null;
            if (runningCount < mostAtOnce && engine.TrySubmit(input.Request, out Generation? generation, out refusal))
            {
                _generations.Add(generation);
                _first ??= generation;
                TokenCount += input.Request.PromptTokenIds.Length;
                _results.Add(EmbeddingResult.ReadAsync(generation));
                return null;
            }
            if (refusal is not null && (refusal.Reason != RefusalReason.QueueFull || runningCount == 0))
                return RefusalErrors.From(refusal, input.Request, input.Param);
            if (await WaitForOldestAsync(left) is { } error)
                return error;
        }
    }

    private async Task<ApiError?> WaitForOldestAsync(CancellationToken left)
    {
        EmbeddingResult result = await _results[_doneCount++].WaitAsync(left);
        return result.Failure(engine);
    }
}
