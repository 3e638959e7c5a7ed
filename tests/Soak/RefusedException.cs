namespace Llama.Soak;

/// <summary>The server asked to come again later (503 with <c>Retry-After</c>): no fault under load.</summary>
internal sealed class RefusedException() : Exception("503 with Retry-After");
