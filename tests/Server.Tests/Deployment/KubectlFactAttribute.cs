using Llama.Tests.Shared;

namespace Llama.Server.Tests.Deployment;

/// <summary>A test that needs kubectl; no cluster.</summary>
internal sealed class KubectlFactAttribute : FactAttribute
{
    public KubectlFactAttribute()
    {
        if (OtherProgram.Find("kubectl") is null)
            Skip = "kubectl is not installed, which puts bases and components together; the files themselves are checked without it.";
    }
}
