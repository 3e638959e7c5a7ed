using Llama.Model;
using Llama.Model.Offload;
using Llama.Model.Sampling;
using Llama.Scheduling;
using Llama.Server.CommandLine;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Llama.Server.Bench.Local;

/// <summary>The engine and the model that the settings name, as the server would run them, without HTTP and without a record of requests, which would be none of an operator's callers.</summary>
internal sealed class EngineSession : IAsyncDisposable
{
    private readonly WebApplication _services;
    private readonly Engine _engine;
    private TimedRunner? _runner;
    private ModelDescription? _description;
    private Exception? _failure; // of a step

    private EngineSession(WebApplication services)
    {
        _services = services;
        Name = services.Services.GetRequiredService<ModelIdentity>().Name;
        _engine = new Engine(Load, Scheduler.ToOptions() with { TracePath = null }, TimeProvider.System, meters: null, failure => _failure = failure);
    }

    /// <summary>The model's id.</summary>
    public string Name { get; }

    public ModelDescription Description => _description!;

    public TimedRunner Runner => _runner!;

    public SchedulerSettings Scheduler => _services.Services.GetRequiredService<IOptions<SchedulerSettings>>().Value;

    /// <exception cref="VerbException">Settings are wrong.</exception>
    public static async Task<EngineSession> StartAsync(string[] settings, CancellationToken cancellation)
    {
        EngineSession session = new(VerbServices.Build(settings));
        try
        {
            await session._engine.Loaded.WaitAsync(cancellation);
            await session.Description.Packed.WaitAsync(cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>A prompt that no other is like.</summary>
    public int[] RandomPrompt(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(Runner.Limits.VocabSize))];

    /// <summary>Checks that sequences of a length fit.</summary>
    /// <exception cref="VerbException">They do not.</exception>
    public void Require(int tokenCount, string options)
    {
        ModelLimits limits = Runner.Limits;
        if (tokenCount > limits.ContextLength)
            throw new VerbException(FormattableString.Invariant($"{options} come to {tokenCount:N0} tokens; {Name} takes {limits.ContextLength:N0}, prompt and new tokens together. Ask for fewer."));
        if (tokenCount > limits.PoolTokens)
            throw new VerbException(FormattableString.Invariant($"{options} come to {tokenCount:N0} tokens; the KV cache holds {limits.PoolTokens:N0}. Ask for fewer, or raise --Model:BlockCount."));
    }

    /// <summary>Generates so many tokens, greedily and past any end, and tells when the engine had drawn them: a reader may be told of several at once.</summary>
    /// <param name="prompt">Tokens.</param>
    /// <param name="newTokens">How many.</param>
    /// <param name="cancellation">Aborts it.</param>
    /// <param name="answer">Receives them where given.</param>
    /// <exception cref="VerbException">The engine refused, or the model failed.</exception>
    public async Task<GenerationTimes> GenerateAsync(int[] prompt, int newTokens, CancellationToken cancellation, List<int>? answer = null)
    {
        await using Generation generation = Submit(new() { PromptTokenIds = prompt, MaxTokens = newTokens, Sampling = SamplingParams.Greedy });
        generation.GoesOnInChain = true; // to keep a token is little
        await foreach (GenerationEvent made in generation.Events.ReadAllAsync(cancellation))
        {
            Check(made);
            if (made.Token is { } token) answer?.Add(token.TokenId);
        }
        Milestones times = generation.Milestones;
        return new GenerationTimes(times.Submitted, times.FirstToken!.Value, times.LastToken!.Value, newTokens, generation.CachedTokenCount);
    }

    /// <summary>Reads for once what steps read of weights that stream, on the engine's thread and with nothing else to do: ahead of a step of one token. While nothing is generated.</summary>
    /// <returns>Null if nothing streams now.</returns>
    public async Task<StreamRate?> MeasureStreamAsync(CancellationToken cancellation)
    {
        Task<StreamRate?> measured = Runner.MeasureStreamBeforeStep();
        await GenerateAsync([0], newTokens: 1, cancellation);
        return await measured;
    }

    /// <summary>Log-probabilities of a continuation's tokens behind a prompt.</summary>
    /// <exception cref="VerbException">The engine refused, or the model failed.</exception>
    public async Task<float[]> ScoreAsync(int[] prompt, int[] continuation, CancellationToken cancellation)
    {
        await using Generation generation = Submit(new() { PromptTokenIds = [.. prompt, .. continuation], MaxTokens = 0, PromptLogprobs = 0 });
        await foreach (GenerationEvent made in generation.Events.ReadAllAsync(cancellation)) Check(made);
        return [.. generation.PromptLogprobs.Skip(prompt.Length - 1).Select(scored => scored.Logprob)]; // they begin with the second token
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _services.DisposeAsync();
    }

    private Generation Submit(GenerationRequest request) => _engine.TrySubmit(request, out Generation? generation, out Refusal? refusal)
        ? generation
        : throw new VerbException($"The engine refuses a request: {refusal.Reason}. It takes up to --Scheduler:MaxQueueLength={Scheduler.MaxQueueLength} waiting.");

    private void Check(GenerationEvent made)
    {
        if (made.Finish is FinishReason.Failed) throw new VerbException($"The model failed a step: {_failure?.Message.Split('\n')[0]}");
    }

    private TimedRunner Load()
    {
        IServiceProvider services = _services.Services;
        LoadedModel loaded = services.GetRequiredService<LoadModel>()(
            services.GetRequiredService<IOptions<ModelSettings>>().Value.ToOptions(services.GetRequiredService<ModelIdentity>().Folder, Scheduler));
        _description = loaded.Description;
        return _runner = new TimedRunner(loaded);
    }
}
