using Llama.Model.Sampling;
using Llama.Model.Text;
using Llama.Server.Generating;

namespace Llama.Server.Completions;

/// <summary>Words log-probabilities as the legacy route does: in columns.</summary>
internal sealed class CompletionLogprobFormat(Tokenizer tokenizer)
{
    public CompletionLogprobs From(ReadOnlySpan<DrawnToken> tokens)
    {
        var columns = (Tokens: new List<string>(), Logprobs: new List<float>(), Top: new List<IReadOnlyDictionary<string, float>>(), Offsets: new List<int>());
        foreach (DrawnToken token in tokens)
        {
            if (!token.IsText)
                continue;
            columns.Tokens.Add(Spell(token.Token.TokenId, token.IsFirst));
            columns.Logprobs.Add(token.Token.Logprob);
            columns.Top.Add(Alternatives(token));
            columns.Offsets.Add(token.Start);
        }
        return new CompletionLogprobs(columns.Tokens, columns.Logprobs, columns.Top, columns.Offsets);
    }

    /// <summary>Different tokens can have one text (parts of characters); the more probable one stays.</summary>
    private Dictionary<string, float> Alternatives(DrawnToken token)
    {
        var alternatives = new Dictionary<string, float>();
        foreach (TokenLogprob other in token.Token.Top ?? [])
            alternatives.TryAdd(Spell(other.TokenId, token.IsFirst), other.Logprob);
        return alternatives;
    }

    private string Spell(int id, bool isFirst) => TokenSpelling.Text(TokenSpelling.Bytes(tokenizer, id, isFirst));
}
