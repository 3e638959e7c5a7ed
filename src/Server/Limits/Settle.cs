namespace Llama.Server.Limits;

/// <summary>To be called once when a request that was let in is done.</summary>
/// <param name="tokens">Tokens that it had in truth, prompt and answers together.</param>
/// <param name="counts">Whether it counts as a request: one that was let in here and refused elsewhere does not.</param>
internal delegate void Settle(long tokens, bool counts);
