using System.Text.RegularExpressions;

namespace Llama.Soak;

/// <summary>What must reach neither a caller nor a log.</summary>
internal static partial class StackTrace
{
    public static bool IsIn(string text) => Frame.IsMatch(text);

    // As .NET writes a frame, also escaped within JSON, and as C++ does.
    [GeneratedRegex(@"(^|\n|\\n)\s+at [\w.<>`+]+\(|frame #\d+:", RegexOptions.ExplicitCapture)]
    private static partial Regex Frame { get; }
}
