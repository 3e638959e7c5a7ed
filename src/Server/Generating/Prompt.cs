namespace Llama.Server.Generating;

/// <summary>A prompt as tokens.</summary>
/// <param name="Tokens">The tokens, BOS included where the model has one.</param>
/// <param name="Param">Path of the field it came from.</param>
/// <param name="ContinuesText">Whether the answer goes on in the middle of the prompt's text rather than beginning anew.</param>
/// <param name="Echo">Its text, where the answer is to begin with it; else empty.</param>
internal sealed record Prompt(int[] Tokens, string Param, bool ContinuesText, string Echo = "");
