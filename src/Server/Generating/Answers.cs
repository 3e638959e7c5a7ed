using System.Diagnostics.CodeAnalysis;
using Llama.Scheduling;
using Llama.Server.Admin;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>The answers being made to one HTTP request. Disposing it aborts those that have not ended.</summary>
internal sealed class Answers : IAsyncDisposable
{
    private readonly Engine _engine;
    private readonly GenerationPlan _plan;
    private volatile bool _isAbortedByOperator;

    private Answers(Engine engine, GenerationPlan plan, IReadOnlyList<TextStream> streams) => (_engine, _plan, Streams) = (engine, plan, streams);

    /// <summary>The model that gives them.</summary>
    public Checkpoint Checkpoint => _plan.Checkpoint;

    /// <summary>One per choice, by <c>index</c>.</summary>
    public IReadOnlyList<TextStream> Streams { get; }

    /// <summary>The token counts so far. A prompt with several answers counts once.</summary>
    public Usage Usage
    {
        get
        {
            int prompt = _plan.PromptTokenCount, completion = Streams.Sum(stream => stream.TokenCount);
            int cached = Streams.Where((_, choice) => choice % _plan.AnswersPerPrompt == 0).Sum(stream => stream.CachedTokenCount);
            return new Usage(prompt, completion, prompt + completion, new PromptTokensDetails(cached));
        }
    }

    /// <summary>What to tell the caller when one of them has ended badly; null when none has.</summary>
    public ApiError? Failure => _isAbortedByOperator ? ApiError.AbortedByOperator() : Streams.Select(stream => stream.Failure(_engine)).FirstOrDefault(failure => failure is not null);

    /// <summary>How far they are, for those who look on.</summary>
    public LiveProgress Progress => new(Streams.All(stream => stream.IsWaiting), _plan.PromptTokenCount, Streams.Sum(stream => stream.TokenCount));

    /// <summary>What they answer.</summary>
    public IReadOnlyList<Prompt> Prompts => _plan.Prompts;

    public Prompt PromptOf(int choice) => _plan.PromptOf(choice);

    /// <summary>Hands every choice to the engine, or none. The answers to one prompt go together, so that it is computed once.</summary>
    /// <param name="goInChain">Whether each goes on in a chain with others, see <see cref="Generation.GoesOnInChain"/>: for answers that only this server's own code waits for.</param>
    public static bool TryStart(
        Engine engine, GenerationPlan plan, TimeProvider clock, bool goInChain, [NotNullWhen(true)] out Answers? answers, [NotNullWhen(false)] out ApiError? error)
    {
        var streams = new List<TextStream>(plan.Choices.Count);
        answers = new Answers(engine, plan, streams);
        error = null;
        foreach (ChoicePlan[] siblings in plan.Choices.Chunk(plan.AnswersPerPrompt))
        {
            GenerationRequest[] requests = [.. siblings.Select(one => one.Request)];
            if (!engine.TrySubmit(requests, out IReadOnlyList<Generation>? generations, out Refusal? refusal))
            {
                error = RefusalErrors.From(refusal, requests[0], plan.PromptOf(streams.Count).Param);
                answers.Abort();
                return false;
            }
            foreach (Generation generation in generations)
                generation.GoesOnInChain = goInChain;
            streams.AddRange(generations.Zip(siblings, (generation, one) => new TextStream(generation, plan.Checkpoint.Tokenizer, one.Text, clock)));
        }
        return true;
    }

    /// <summary>Ends what still runs; safe from any thread and more than once.</summary>
    public void Abort()
    {
        foreach (TextStream stream in Streams)
            stream.Abort();
    }

    /// <summary>Ends what still runs, and has the caller told why.</summary>
    public void AbortByOperator()
    {
        _isAbortedByOperator = true;
        Abort();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TextStream stream in Streams)
            await stream.DisposeAsync();
    }
}
