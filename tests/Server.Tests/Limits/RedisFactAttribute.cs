namespace Llama.Server.Tests.Limits;

/// <summary>A test that runs a Redis of its own; skipped where there is none. <c>deploy/limits/check.sh</c> installs it and runs these.</summary>
internal sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute()
    {
        if (RedisServer.Program is null)
            Skip = "There is no redis-server on this machine (apt-get install redis-server; deploy/limits/check.sh does it).";
    }
}
