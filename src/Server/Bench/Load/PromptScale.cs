namespace Llama.Server.Bench.Load;

/// <summary>How a server's tokenizer counts random words, found by asking it.</summary>
/// <param name="TokensPerWord">Of the words that prompts are made of, on average.</param>
/// <param name="Overhead">Tokens that every prompt has beside its words: the beginning of the sequence, the chat format.</param>
internal sealed record PromptScale(double TokensPerWord, int Overhead)
{
    /// <summary>For servers that do not count.</summary>
    public static readonly PromptScale OneForOne = new(1, 0);

    /// <summary>From the prompt tokens of two prompts.</summary>
    public static PromptScale Of(int fewWords, int tokensOfFew, int manyWords, int tokensOfMany)
    {
        double perWord = Math.Max(0.1, (double)(tokensOfMany - tokensOfFew) / (manyWords - fewWords));
        return new PromptScale(perWord, Math.Max(0, (int)Math.Round(tokensOfFew - (perWord * fewWords))));
    }

    /// <summary>At least one.</summary>
    public int WordsFor(int tokens) => Math.Max(1, (int)Math.Round(tokens / TokensPerWord));
}
