namespace Llama.Model.Verification;

/// <summary>Prompts of random tokens.</summary>
internal static class Prompt
{
    /// <summary>Equal arguments give equal prompts, and a shorter one begins a longer one.</summary>
    public static IEnumerable<int> Of(int length, int vocabSize, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabSize))];
    }
}
