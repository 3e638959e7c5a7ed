namespace Llama.Server.Generating;

/// <summary>Lengths of texts in code points, which is what clients in other languages call characters.</summary>
internal static class CodePoints
{
    public static int Count(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        foreach (char unit in text)
        {
            if (char.IsLowSurrogate(unit))
                count--;
        }
        return count;
    }
}
