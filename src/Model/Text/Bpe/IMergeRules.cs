namespace Llama.Model.Text.Bpe;

/// <summary>Which neighbours may become one symbol: SentencePiece asks for the joined spelling, Hugging Face for the pair.</summary>
internal interface IMergeRules
{
    bool TryMerge(in Symbol left, in Symbol right, out Merge merge);
}

/// <param name="Rank">Order of preference; the least is merged first.</param>
/// <param name="Id">The token of the joined symbol.</param>
internal readonly record struct Merge(int Rank, int Id);
