using Llama.Tests.Shared;

namespace Llama.Server.Tests.Deployment;

/// <summary>A test that needs Prometheus' promtool.</summary>
internal sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute()
    {
        if (OtherProgram.Find("promtool") is null)
            Skip = "promtool is not installed; deploy/prometheus/check.sh installs it.";
    }
}
