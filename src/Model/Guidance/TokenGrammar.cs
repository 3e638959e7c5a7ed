using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.Tokens;
using Llama.Model.Text;

namespace Llama.Model.Guidance;

/// <summary>
/// A grammar made ready for one vocabulary. Creating it does the work that a request's thread should do; what its guides find out later is kept here and shared by all of
/// them, so they belong to one thread, the engine's.
/// </summary>
public sealed class TokenGrammar
{
    // About what the states and masks of one grammar may take before they are forgotten and found anew.
    private const long MostBytes = 24 << 20;

    private readonly AutomatonMachine _machine;
    private readonly TokenMasks _masks;
    private readonly ForcedTokens _forced;

    private TokenGrammar(Automaton automaton, TokenTexts texts, Tokenizer tokenizer, int vocabSize)
    {
        _machine = new AutomatonMachine(automaton, MostBytes);
        _masks = new TokenMasks(texts, vocabSize, allowsOthers: false);
        _forced = new ForcedTokens(_masks, new CanonicalSpelling(tokenizer, texts));
    }

    /// <summary>Compiles a grammar.</summary>
    /// <param name="grammar">What outputs must be.</param>
    /// <param name="tokenizer">The vocabulary; its tokens' texts are looked through once and shared.</param>
    /// <param name="vocabSize">Number of ids of the model, which may be more than the tokenizer has; ids beyond it are never allowed.</param>
    /// <exception cref="GrammarException">No text satisfies the grammar, it refers to itself without end, it is too large, or the vocabulary cannot spell it.</exception>
    public static TokenGrammar Create(Grammar grammar, Tokenizer tokenizer, int vocabSize)
    {
        TokenTexts texts = TokenTexts.ForGrammars(tokenizer);
        var compiled = new TokenGrammar(AutomatonBuilder.Build(grammar.Start, texts.Alphabet), texts, tokenizer, vocabSize);
        compiled.RefuseUnspeakable();
        return compiled;
    }

    /// <summary>Looks through a vocabulary ahead of its first grammar and first exclusion, which then need not wait for that.</summary>
    public static void Prepare(Tokenizer tokenizer)
    {
        TokenTexts.ForGrammars(tokenizer);
        TokenTexts.ForExclusions(tokenizer);
    }

    /// <summary>A guide for one sequence. May be called from any thread.</summary>
    /// <param name="atSequenceStart">Whether the output is a text of its own, as <see cref="IncrementalDecoder"/> has it: the space that a first piece brings for
    /// SentencePiece's dummy prefix is then not printed and does not count.</param>
    public ITokenGuide Start(bool atSequenceStart) => new GrammarGuide(_masks, _forced, _machine.Start, atSequenceStart && !ReferenceEquals(_masks.Texts.AtStart, _masks.Texts.Inside));

    // Also finds the first masks, which then need not be found on the engine's thread.
    private void RefuseUnspeakable()
    {
        bool canBegin = _machine.Start.IsAccepting || (_masks.Inside(_machine.Start).AsSpan().ContainsAnyExcept(0UL) && _masks.AtStart(_machine.Start).AsSpan().ContainsAnyExcept(0UL));
        if (!canBegin) throw new GrammarException("", "This model's vocabulary has no token that the text could begin with.");
        _forced.Of(_machine.Start, atStart: false);
    }
}
