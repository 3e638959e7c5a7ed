using Llama.Model.Cuda;

namespace Llama.Model.Tests;

/// <summary>They run alone: the variable is the process's.</summary>
[Collection(nameof(Alone))]
public sealed class HomeFolderTests : IDisposable
{
    private const string Home = "HOME", Caches = "XDG_CACHE_HOME";

    private readonly string? _home = Environment.GetEnvironmentVariable(Home), _caches = Environment.GetEnvironmentVariable(Caches);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Home, _home);
        Environment.SetEnvironmentVariable(Caches, _caches);
    }

    /// <summary>As that of a system user made without one.</summary>
    [Fact]
    public void Path_FolderThatIsNotThere_IsThatAndNotTheWorkingFolder()
    {
        Environment.SetEnvironmentVariable(Home, "/no/such/home");
        Environment.SetEnvironmentVariable(Caches, null);

        Assert.Equal("/no/such/home", HomeFolder.Path);
        Assert.Equal("/no/such/home/.cache/llama-server/kernels", CompileCache.DefaultFolder);
    }
}
