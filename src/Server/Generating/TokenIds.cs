using System.Globalization;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;

namespace Llama.Server.Generating;

/// <summary>Checks the token ids that callers give.</summary>
internal static class TokenIds
{
    /// <summary>What is wrong with an array of ids, or null.</summary>
    public static ApiError? Check(string param, int[] ids, int vocabSize)
    {
        int index = Array.FindIndex(ids, id => id >= vocabSize);
        return index < 0 ? null : Outside($"{param}[{index}]", ids[index], vocabSize);
    }

    /// <summary>
    /// What is wrong with a prompt that a chat template made, or null. That templates write what the model has is seen at start, but not of every path through them.
    /// </summary>
    public static ApiError? Check(Prompt prompt, Checkpoint checkpoint)
    {
        int vocabSize = checkpoint.Limits.VocabSize;
        if (checkpoint.Tokenizer.VocabSize <= vocabSize || Array.FindIndex(prompt.Tokens, id => id >= vocabSize) is not (>= 0 and var index))
            return null;
        int token = prompt.Tokens[index];
        return ApiError.InvalidValue(prompt.Param, $"Invalid value for '{prompt.Param}': the model's chat template makes token {token} ('{checkpoint.Tokenizer.Piece(token)}') of it, which is outside the vocabulary of {vocabSize}.");
    }

    public static ApiError Outside(string param, int id, int vocabSize) =>
        ApiError.InvalidValue(param, string.Create(CultureInfo.InvariantCulture, $"Invalid value for '{param}': token {id} is outside the vocabulary of {vocabSize}."));
}
