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

    public static ApiError Outside(string param, int id, int vocabSize) =>
        ApiError.InvalidValue(param, $"Invalid value for '{param}': token {id} is outside the vocabulary of {vocabSize}.");
}
