namespace Llama.Server.CommandLine.Terminal;

/// <summary>A line of a conversation that is no question.</summary>
/// <param name="Name">With its slash.</param>
/// <param name="Takes">What may follow it.</param>
/// <param name="Does">What it does, in a few words.</param>
/// <param name="Run">Does it with what followed; false when it failed and that has been told.</param>
internal sealed record ChatCommand(string Name, string Takes, string Does, Func<string, Task<bool>> Run);
