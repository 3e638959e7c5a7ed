using Llama.Model.Kernels;

namespace Llama.Model.Sampling;

/// <summary>Log-probabilities of known tokens.</summary>
internal interface ITokenScorer : IDisposable
{
    /// <summary>Scores some rows; one whose logits are no numbers gets its <see cref="ScoredToken.Fault"/>.</summary>
    /// <param name="rows">Whose tokens to score, those from <paramref name="first"/> on.</param>
    /// <param name="first">Index of the first.</param>
    /// <param name="logits">[scored, vocab] float32, where the model runs.</param>
    /// <param name="scored">As many as are wanted.</param>
    void Score(List<ScoreRow> rows, int first, Matrix logits, Span<ScoredToken> scored);
}
