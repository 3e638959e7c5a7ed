using Llama.Model;
using Llama.Model.Sampling;
using Llama.Model.Text;
using Llama.Server.Generating;

namespace Llama.Server.Completions;

/// <summary>Words log-probabilities as the legacy route does: in columns, one row per token of the echoed prompt and of the answer.</summary>
/// <param name="tokenizer">Spells the tokens.</param>
/// <param name="topCount">Alternatives to show per token; the token itself is shown beside them.</param>
internal sealed class CompletionLogprobFormat(Tokenizer tokenizer, int topCount)
{
    /// <summary>The rows of an echoed prompt: its first token has no log-probability.</summary>
    /// <param name="columns">Where they go.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="scores">Its tokens from the second on.</param>
    /// <param name="skipSpecialTokens">Whether control tokens print nothing in the echo.</param>
    public void AddPrompt(LogprobColumns columns, int[] tokens, IReadOnlyList<ScoredToken> scores, bool skipSpecialTokens)
    {
        var decoder = new IncrementalDecoder(tokenizer, skipSpecialTokens);
        int offset = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            bool isFirst = decoder.IsAtStart;
            ReadOnlySpan<char> printed = decoder.Append(tokens[i]);
            int start = offset + CodePoints.Count(printed[..decoder.EarlierLength]);
            string text = Spell(tokens[i], isFirst);
            if (i == 0)
                columns.Add(text, null, null, start);
            else
                columns.Add(text, scores[i - 1].Logprob, Top(new(tokens[i], scores[i - 1].Logprob), scores[i - 1].Top, isFirst), start);
            offset += CodePoints.Count(printed);
        }
    }

    /// <summary>The rows of an answer. The token that ended it has one as well, at the end of the text; those of a stop text have none.</summary>
    /// <param name="columns">Where they go.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="start">Code points before the answer.</param>
    public void AddAnswer(LogprobColumns columns, ReadOnlySpan<DrawnToken> tokens, int start)
    {
        foreach (ref readonly DrawnToken token in tokens)
        {
            if (token.IsText || token.IsEnding)
                columns.Add(Spell(token.Token.TokenId, token.IsFirst), token.Token.Logprob, Top(new(token.Token.TokenId, token.Token.Logprob), token.Token.Top ?? [], token.IsFirst), start + token.Offset);
        }
    }

    /// <summary>Different tokens can have one text (parts of characters); the more probable one stays.</summary>
    private Dictionary<string, float> Top(TokenLogprob token, TokenLogprob[] alternatives, bool isTextStart)
    {
        var top = new Dictionary<string, float>();
        foreach (TokenLogprob other in alternatives.Take(topCount))
            top.TryAdd(Spell(other.TokenId, isTextStart), other.Logprob);
        top.TryAdd(Spell(token.TokenId, isTextStart), token.Logprob);
        return top;
    }

    private string Spell(int id, bool isTextStart) => TokenSpelling.Text(TokenSpelling.Bytes(tokenizer, id, isTextStart));
}
