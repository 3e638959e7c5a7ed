using Llama.Model;
using Llama.Model.Guidance;
using Llama.Model.Sampling;
using Llama.Scheduling;

namespace Llama.Tests.Shared;

/// <summary>
/// What <see cref="FakeModelRunner"/> computes, as plain functions of one sequence alone: the oracle. A next token depends on every token before it and on
/// the seed, so one wrong slot, block, position or reused prefix changes everything after it.
/// </summary>
public sealed record FakeModel
{
    /// <summary>Drawn once <see cref="StopAfter"/> or <see cref="Reply"/> says so; it ends a sequence whose parameters list it.</summary>
    public int StopTokenId { get; init; } = 2;

    /// <summary>Draw <see cref="StopTokenId"/> after this many tokens; null never.</summary>
    public int? StopAfter { get; init; }

    /// <summary>Say exactly these tokens, then <see cref="StopTokenId"/>, whatever the prompt; null draws from the context.</summary>
    public int[]? Reply { get; init; }

    /// <summary>Token ids are drawn from 3 (after the usual unknown, begin and end) up to this.</summary>
    public int VocabSize { get; init; } = 32_000;

    /// <summary>Draws the token that follows a context.</summary>
    /// <param name="context">The digest of all tokens so far, by <see cref="Extend"/>.</param>
    /// <param name="generatedCount">Tokens generated before this one.</param>
    /// <param name="sampling">Temperature 0 ignores the seed.</param>
    /// <param name="guide">Where the output stands; null lets everything follow.</param>
    /// <exception cref="SamplingException">The guide or the list of allowed tokens lets nothing follow.</exception>
    public SampledToken Draw(ulong context, int generatedCount, SamplingParams sampling, ITokenGuide? guide = null)
    {
        bool mayStop = generatedCount >= sampling.MinTokens;
        int wanted = Want(context, generatedCount, sampling, mayStop);
        for (int i = 0; i < VocabSize; i++)
        {
            int token = (wanted + i) % VocabSize; // the first that may follow
            if (Allows(guide, token, sampling, mayStop)) return Sample(token, sampling);
        }
        throw new SamplingException("Nothing may follow.");
    }

    /// <summary>What a request alone must yield: its tokens, the stop token included, and how it ends. Advances its guide.</summary>
    public (int[] Tokens, FinishReason Finish) Complete(GenerationRequest request)
    {
        ulong context = 0;
        foreach (int token in request.PromptTokenIds) context = Extend(context, token);
        List<int> tokens = [];
        while (tokens.Count < request.MaxTokens)
        {
            if (request.Guide is { IsComplete: true }) return ([.. tokens], FinishReason.Completed);
            int token = request.Guide is not null && request.Sampling.TopLogprobs is null && request.Guide.TryForce(out int forced)
                ? forced
                : Draw(context, tokens.Count, request.Sampling, request.Guide).TokenId;
            tokens.Add(token);
            if (request.Sampling.StopTokenIds.Contains(token)) return ([.. tokens], FinishReason.Stop);
            request.Guide?.Accept(token);
            if (request.Guide is { IsComplete: true }) return ([.. tokens], FinishReason.Completed);
            context = Extend(context, token);
        }
        return ([.. tokens], FinishReason.Length);
    }

    /// <summary>What the tokens of a prompt from the second on are worth, by <see cref="Score"/>.</summary>
    public static ScoredToken[] ScorePrompt(int[] prompt, int topCount)
    {
        ulong context = 0;
        ScoredToken[] scores = new ScoredToken[prompt.Length - 1];
        for (int i = 0; i < scores.Length; i++) scores[i] = Score(context = Extend(context, prompt[i]), prompt[i + 1], topCount);
        return scores;
    }

    /// <summary>The mean of the hidden states of a prompt, by <see cref="AddHidden"/>.</summary>
    public static float[] Embed(int[] prompt, int hiddenSize)
    {
        ulong context = 0;
        float[] sum = new float[hiddenSize];
        foreach (int token in prompt) AddHidden(context = Extend(context, token), sum);
        return Array.ConvertAll(sum, value => value / prompt.Length);
    }

    /// <summary>A token's log-probability and rank after a context, with alternatives.</summary>
    public static ScoredToken Score(ulong context, int token, int topCount) =>
        new(token, LogprobOf(context, token), RankOf(context, token), [.. Enumerable.Range(0, topCount).Select(i => new TokenLogprob(token + i, LogprobOf(context, token + i)))]);

    /// <summary>Adds the hidden state of a context's last token.</summary>
    public static void AddHidden(ulong context, Span<float> sum)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += Extend(context, i) % 1000 / 1000f;
    }

    /// <summary>The digest of a context with one more token (the mix of SplitMix64, Steele et al. 2014).</summary>
    public static ulong Extend(ulong context, long token)
    {
        ulong mixed = (context ^ (ulong)token) + 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    private static float LogprobOf(ulong context, int token) => -(float)(Extend(context, token) % 10_000) / 1000;

    private static int RankOf(ulong context, int token) => 1 + (int)(Extend(context, token) % 10_000);

    private int Want(ulong context, int generatedCount, SamplingParams sampling, bool mayStop)
    {
        if (Reply is not null && generatedCount < Reply.Length) return Reply[generatedCount];
        if (mayStop && (Reply is not null || generatedCount >= StopAfter)) return StopTokenId;
        ulong draw = Extend(context, sampling.Temperature == 0 ? 0 : (long)sampling.Seed);
        return 3 + (int)(draw % (ulong)(VocabSize - 3));
    }

    private static bool Allows(ITokenGuide? guide, int token, SamplingParams sampling, bool mayStop)
    {
        if (sampling.AllowedTokenIds is { } allowed && !allowed.Contains(token)) return false;
        if (guide is null) return true;
        if (sampling.StopTokenIds.Contains(token) && (guide.MayEnd || !mayStop)) return mayStop;
        return token / 64 < guide.Allowed.Length && (guide.Allowed[token / 64] >> (token % 64) & 1) != 0;
    }

    private static SampledToken Sample(int token, SamplingParams sampling) => new(
        token,
        sampling.TopLogprobs is null ? 0 : -0.5f,
        sampling.TopLogprobs is int count and > 0 ? [.. Enumerable.Range(0, count).Select(i => new TokenLogprob(token + i, -0.5f - i))] : null);
}
