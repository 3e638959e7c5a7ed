using Llama.Server.Guidance;
using Llama.Server.Tools;

namespace Llama.Server.Generating;

/// <summary>What every request that generates may ask for. Null is "not said": the checkpoint's own default, or the server's.</summary>
internal abstract class GenerationParameters
{
    public string Model { get; set; } = "";

    public bool Stream { get; set; }

    /// <summary>Null when the request has no <c>stream_options</c>.</summary>
    public StreamOptions? StreamOptions { get; set; }

    public int? MaxTokens { get; set; }

    public SamplingRequest Sampling { get; } = new();

    public StoppingRequest Stopping { get; } = new();

    /// <summary>What the answer must look like; null for anything.</summary>
    public OutputGuidance? Guidance { get; set; }

    /// <summary>What the request says about tools; null where it defines none.</summary>
    public ToolUse? Tools { get; set; }

    /// <summary>Number of alternatives to report per prompt token; null for no log-probabilities of the prompt.</summary>
    public int? PromptLogprobs { get; set; }

    public int N { get; set; } = 1;

    public bool SkipSpecialTokens { get; set; } = true;

    public bool ReturnTokenIds { get; set; }

    public int? Priority { get; set; }

    public string? CacheSalt { get; set; }

    public TimeSpan? Timeout { get; set; }

    /// <summary>Number of alternatives to report per token; null for no log-probabilities at all.</summary>
    public abstract int? Logprobs { get; }

    /// <summary>Answers to make to each prompt; a route may show fewer of them.</summary>
    public virtual int AnswersPerPrompt => N;

    /// <summary>Number of alternatives that the engine is to report per prompt token, whatever they are wanted for; null for no log-probabilities of the prompt.</summary>
    public virtual int? PromptScores => PromptLogprobs;

    /// <summary>The route's own token limit for requests that give none; null lets them fill the context.</summary>
    public virtual int? DefaultMaxTokens => null;
}

/// <summary>Field <c>stream_options</c>.</summary>
internal sealed class StreamOptions
{
    public bool IncludeUsage { get; set; }
}
