namespace Llama.Server.Limits;

/// <summary>
/// A request that its caller's limits let in, for as long as it is under way. When it is done, the tokens that it had take the place of those that it was taken to cost; one that never
/// started counts for nothing.
/// </summary>
internal sealed class Admission(Settle? settle) : IDisposable
{
    private long? _tokens;

    /// <summary>Of a caller without limits.</summary>
    public static Admission Unlimited { get; } = new(null);

    /// <summary>Says what the request had, prompt and answers together; the last word counts.</summary>
    public void Use(long tokens)
    {
        if (settle is not null)
            _tokens = tokens;
    }

    public void Dispose() => settle?.Invoke(_tokens ?? 0, _tokens is not null);
}
