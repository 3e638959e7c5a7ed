using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>One prompt as the caller gave it: text or tokens.</summary>
/// <param name="Text">The text; null when it came as tokens.</param>
/// <param name="Tokens">The tokens; null when it came as text.</param>
/// <param name="Param">Its path.</param>
internal sealed record RawPrompt(string? Text, int[]? Tokens, string Param)
{
    /// <summary>What is wrong with the tokens of several prompts, or null.</summary>
    public static ApiError? Check(IEnumerable<RawPrompt> prompts, int vocabSize) =>
        prompts.Select(prompt => TokenIds.Check(prompt.Param, prompt.Tokens ?? [], vocabSize)).FirstOrDefault(fault => fault is not null);

    /// <summary>The prompt as tokens; given ones stay as they are.</summary>
    public int[] Encode(Checkpoint checkpoint, bool addSpecialTokens) => Tokens ?? checkpoint.Encode(Text!, addSpecialTokens);
}
