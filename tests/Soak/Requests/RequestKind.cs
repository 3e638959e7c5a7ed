namespace Llama.Soak.Requests;

/// <summary>One kind of request of the mix.</summary>
/// <param name="Name">In the report.</param>
/// <param name="Weight">How often, among the others.</param>
/// <param name="AskAsync">Sends one, drawn at random, and throws when the answer is wrong.</param>
internal sealed record RequestKind(string Name, int Weight, Func<Api, Random, Task> AskAsync);
