using Llama.Server.CommandLine.Terminal;

namespace Llama.Server.Tests.Terminal;

/// <summary>Screens on writers that a test reads.</summary>
internal static class Screens
{
    public static Screen File(TextWriter output, TextWriter? error = null) => new(output, error ?? TextWriter.Null, isTerminal: false, isConversation: false, hasColour: false);

    public static Screen Person(TextWriter output, TextWriter? error = null, bool hasColour = false) => new(output, error ?? TextWriter.Null, isTerminal: true, isConversation: true, hasColour);
}
