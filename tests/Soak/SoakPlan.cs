namespace Llama.Soak;

/// <summary>What is soaked, and how.</summary>
/// <param name="Program">The server's program; null takes the one that was built with this one.</param>
/// <param name="Port">Where it is to listen.</param>
/// <param name="Minutes">How long.</param>
/// <param name="ClientCount">Clients at once.</param>
/// <param name="Pause">Between two requests of a client, on average.</param>
/// <param name="Seed">Chooses all that is sent.</param>
/// <param name="Settings">Of the server, beside those of the soak.</param>
internal sealed record SoakPlan(string? Program, int Port, int Minutes, int ClientCount, TimeSpan Pause, int Seed, string[] Settings);
