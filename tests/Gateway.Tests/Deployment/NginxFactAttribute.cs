using Llama.Tests.Shared;

namespace Llama.Gateway.Tests.Deployment;

/// <summary>A test that needs nginx.</summary>
internal sealed class NginxFactAttribute : FactAttribute
{
    public NginxFactAttribute()
    {
        if (OtherProgram.Find("nginx", "/usr/sbin") is null)
            Skip = "nginx is not installed; deploy/fleet/run.sh installs it.";
    }
}
