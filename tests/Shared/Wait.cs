namespace Llama.Tests.Shared;

/// <summary>Waits for what will come about by itself.</summary>
public static class Wait
{
    /// <summary>How long at most: it ends a test that hangs. No test passes by being fast, and a machine may stand still for a minute.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task Until(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
            await Task.Delay(2, patience.Token);
    }

    public static Task Until(Func<bool> condition) => Until(() => Task.FromResult(condition()));
}
