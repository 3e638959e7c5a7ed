using Llama.Model.Guidance;

namespace Llama.Scheduling.Sequences;

/// <summary>
/// The tokens known of a sequence: the prompt, then what was drawn or forced by its guide, up to what ends them. A structure, so that it lies in its sequence: with hundreds of these a step costs the
/// cache lines it touches.
/// </summary>
internal struct KnownTokens
{
    private readonly int[] _stopTokenIds;
    private readonly bool _mayForce;
    private int[] _tokens; // the caller's prompt until there is output, then room for all of it

    /// <summary>The prompt.</summary>
    public KnownTokens(GenerationRequest request)
    {
        (_tokens, PromptLength, MaxTokens, Guide) = (request.PromptTokenIds, request.PromptTokenIds.Length, request.MaxTokens, request.Guide);
        _stopTokenIds = [.. request.Sampling.StopTokenIds];
        _mayForce = request.Sampling.TopLogprobs is null; // else the model must be asked about every token
        Count = PromptLength;
        if (MaxTokens == 0) Ending = FinishReason.Length;
    }

    public int PromptLength { get; }

    public int MaxTokens { get; }

    public ITokenGuide? Guide { get; }

    /// <summary>Prompt and output.</summary>
    public int Count { get; private set; }

    /// <summary>How they end; null while more are to come.</summary>
    public FinishReason? Ending { get; private set; }

    public readonly ReadOnlySpan<int> All => _tokens.AsSpan(0, Count);

    /// <summary>The generated tokens, and room for those to come, once there is one: from then on always the same memory. From any thread what was told of: it does not change.</summary>
    public readonly ReadOnlyMemory<int> Output => _tokens.AsMemory(PromptLength);

    /// <inheritdoc cref="Sequence.Touch"/>
    public readonly long Touch() => _stopTokenIds.Length + (Count < _tokens.Length ? _tokens[Count] : 0);

    /// <summary>Allocates for all that there will ever be.</summary>
    public void Reserve()
    {
        if (_tokens.Length < PromptLength + MaxTokens) Array.Resize(ref _tokens, PromptLength + MaxTokens);
    }

    /// <summary>Takes on the next one. A stop token ends the text before it, so the guide is not told of it.</summary>
    public void Append(int token)
    {
        Reserve();
        _tokens[Count++] = token;
        if (_stopTokenIds.AsSpan().Contains(token))
        {
            Ending = FinishReason.Stop;
            return;
        }
        if (Count - PromptLength == MaxTokens) Ending = FinishReason.Length;
        if (Guide is null) return;
        Guide.Accept(token);
        if (Guide.IsComplete) Ending = FinishReason.Completed;
    }

    /// <summary>Takes on those that the guide leaves no choice about, so that the model need not be asked.</summary>
    public void AppendForced()
    {
        if (Guide is null) return;
        if (Ending is null && Guide.IsComplete) Ending = FinishReason.Completed; // it lets nothing follow the prompt
        while (_mayForce && Ending is null && Guide.TryForce(out int token)) Append(token);
    }
}
