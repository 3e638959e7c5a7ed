using System.Globalization;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Model.Text;

namespace Llama.Server.Generating;

/// <summary>Words the log-probabilities of a prompt as vLLM does: null for its first token, then for each token an object of itself and its alternatives by id.</summary>
internal sealed class PromptLogprobFormat(Tokenizer tokenizer, int topCount)
{
    /// <param name="scores">The prompt's tokens from the second on.</param>
    public IReadOnlyList<IReadOnlyDictionary<string, PromptTokenLogprob>?> From(IReadOnlyList<ScoredToken> scores) => [null, .. scores.Select(From)];

    private Dictionary<string, PromptTokenLogprob> From(ScoredToken token)
    {
        var places = new Dictionary<string, PromptTokenLogprob>();
        Add(places, new TokenLogprob(token.TokenId, token.Logprob), token.Rank);
        for (int i = 0; i < Math.Min(token.Top.Length, topCount); i++)
            Add(places, token.Top[i], i + 1);
        return places;
    }

    private void Add(Dictionary<string, PromptTokenLogprob> places, TokenLogprob token, int rank) => places.TryAdd(
        token.TokenId.ToString(CultureInfo.InvariantCulture),
        new PromptTokenLogprob(token.Logprob, rank, TokenSpelling.Text(tokenizer.Bytes(token.TokenId))));
}
