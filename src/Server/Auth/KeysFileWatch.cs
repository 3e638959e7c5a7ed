namespace Llama.Server.Auth;

/// <summary>
/// Warns of keys that open nothing, and reads the file of keys again when it has changed. It looks at the text every two seconds rather than waiting to be told: a mounted secret changes by a link that points elsewhere, which
/// raises no notification.
/// </summary>
internal sealed class KeysFileWatch(ApiKeys keys, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        keys.WarnOfUseless();
        if (!keys.HasFile)
            return;
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stopping))
            keys.Reload(isAsked: false);
    }
}
