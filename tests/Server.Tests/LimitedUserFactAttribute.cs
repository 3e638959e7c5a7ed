namespace Llama.Server.Tests;

/// <summary>A test of what the modes of files keep from a user; skipped where they keep nothing.</summary>
internal sealed class LimitedUserFactAttribute : FactAttribute
{
    public LimitedUserFactAttribute()
    {
        if (Environment.IsPrivilegedProcess)
            Skip = "Root may read every folder.";
    }
}
