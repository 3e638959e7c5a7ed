using System.CommandLine;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>A verb to which Ctrl-C is a word of the conversation: it handles the signal itself.</summary>
internal sealed class InterruptedCommand(string name, string description) : Command(name, description);
