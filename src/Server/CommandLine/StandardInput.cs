using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Llama.Server.CommandLine;

/// <summary>
/// What is typed or piped into the program. A terminal edits its lines itself: the console's own reader edits them by asking the terminal where its cursor is: one that does not answer gets rubbish, and its
/// backspace takes half of a character that has two.
/// </summary>
internal static partial class StandardInput
{
    private const int Number = 0;

    /// <summary>Its lines; none where the caller closed it.</summary>
    public static TextReader Open() =>
        !Descriptor.IsGiven(Number) ? TextReader.Null
        : Console.IsInputRedirected || !OperatingSystem.IsLinux() ? Console.In
        : new TypedLines(new FileStream(new SafeFileHandle(Number, ownsHandle: false), FileAccess.Read, bufferSize: 0));

    /// <summary>Whether another whole line is there already. Nobody types that fast: it was pasted.</summary>
    public static bool HasMore() => OperatingSystem.IsLinux() ? Descriptor.IsReadable(Number) : Console.KeyAvailable;

    /// <summary>Without what arrow keys and the like send, which a terminal takes for text.</summary>
    private sealed partial class TypedLines(Stream terminal) : StreamReader(terminal, new UTF8Encoding(false))
    {
        public override string? ReadLine() => base.ReadLine() is { } line ? Key.Replace(line, "") : null;

        [GeneratedRegex(@"\e(\[[0-?]*[ -/]*[@-~]|O?.)|[\p{Cc}-[\t]]")]
        private static partial Regex Key { get; }
    }
}
