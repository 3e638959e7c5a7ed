namespace Llama.Gateway.Tests.Deployment;

/// <summary>A test that needs nginx.</summary>
internal sealed class NginxFactAttribute : FactAttribute
{
    public NginxFactAttribute()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, "nginx"))))
            Skip = "nginx is not installed; deploy/fleet/run.sh installs it.";
    }
}
