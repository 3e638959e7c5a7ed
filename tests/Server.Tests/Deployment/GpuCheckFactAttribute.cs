using Llama.Tests.Shared;

namespace Llama.Server.Tests.Deployment;

/// <summary>A test that runs the scripts of <c>deploy/gpu</c>.</summary>
internal sealed class GpuCheckFactAttribute : FactAttribute
{
    public GpuCheckFactAttribute()
    {
        if (OtherProgram.Find("bash") is null || OtherProgram.Find("python3") is null)
            Skip = "The scripts need bash and python3.";
    }
}
