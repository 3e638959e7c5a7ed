namespace Llama.Server.Completions;

/// <summary>The columns of <see cref="CompletionLogprobs"/> while they are filled, row by row.</summary>
internal sealed class LogprobColumns
{
    private readonly List<string> _tokens = [];
    private readonly List<float?> _logprobs = [];
    private readonly List<IReadOnlyDictionary<string, float>?> _top = [];
    private readonly List<int> _offsets = [];

    /// <summary>Adds one token.</summary>
    /// <param name="token">Its text.</param>
    /// <param name="logprob">Its log-probability; null for the first of a prompt, which nothing precedes.</param>
    /// <param name="top">The most probable tokens in its place; null with it.</param>
    /// <param name="offset">Where its text starts, in code points.</param>
    public void Add(string token, float? logprob, IReadOnlyDictionary<string, float>? top, int offset)
    {
        _tokens.Add(token);
        _logprobs.Add(logprob);
        _top.Add(top);
        _offsets.Add(offset);
    }

    public CompletionLogprobs ToLogprobs() => new(_tokens, _logprobs, _top, _offsets);
}
