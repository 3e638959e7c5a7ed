using System.Text;
using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.Tokens;
using Llama.Model.Text;

namespace Llama.Model.Guidance;

/// <summary>
/// Texts that an output must not contain, however they are divided into tokens. What its guides find out is kept here and shared by all of them, so they belong to one
/// thread, the engine's.
/// </summary>
public sealed class TokenExclusion
{
    private const int MostBytes = 16_384;

    private readonly ByteState _start;
    private readonly TokenMasks _masks;

    private TokenExclusion(ByteState start, TokenMasks masks) => (_start, _masks) = (start, masks);

    /// <summary>Prepares an exclusion.</summary>
    /// <param name="texts">What must not be written; compared exactly.</param>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="vocabSize">Number of ids of the model, which may be more than the tokenizer has.</param>
    /// <exception cref="GrammarException">A text is empty, which every output contains, or they are too long together.</exception>
    public static TokenExclusion Create(IReadOnlyList<string> texts, Tokenizer tokenizer, int vocabSize)
    {
        if (texts.Any(string.IsNullOrEmpty)) throw new GrammarException("", "An empty text cannot be excluded: every output contains it.");
        byte[][] words = [.. texts.Select(Encoding.UTF8.GetBytes)];
        if (words.Sum(word => (long)word.Length) > MostBytes) throw new GrammarException("", FormattableString.Invariant($"The excluded texts have more than {MostBytes:N0} bytes together."));
        return new TokenExclusion(ExclusionState.Build(words), new TokenMasks(TokenTexts.ForExclusions(tokenizer), vocabSize, allowsOthers: true));
    }

    /// <summary>A guide for one sequence. May be called from any thread.</summary>
    /// <param name="atSequenceStart">Whether the output is a text of its own, whose first piece prints no dummy space.</param>
    public ITokenGuide Start(bool atSequenceStart) => new ExclusionGuide(_masks, _start, atSequenceStart);
}
