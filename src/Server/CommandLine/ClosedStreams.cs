namespace Llama.Server.CommandLine;

/// <summary>Output and error stream of a caller that closed them (<c>2>&amp;-</c>): what would be written under their numbers would fail, or be taken by something of the runtime's own.</summary>
internal static class ClosedStreams
{
    private const int Output = 1, Error = 2;

    /// <summary>Has nothing written there.</summary>
    public static void Silence()
    {
        if (!Descriptor.IsGiven(Output)) Console.SetOut(TextWriter.Null);
        if (!Descriptor.IsGiven(Error)) Console.SetError(TextWriter.Null);
    }
}
