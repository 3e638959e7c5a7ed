using k8s.Models;

namespace Llama.Server.Tests.Deployment;

/// <summary>The Prometheus Operator's resource, as far as it is used; anything else in it is a fault.</summary>
public sealed class ServiceMonitor
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public ServiceMonitorSpec Spec { get; set; } = new();
}

public sealed class ServiceMonitorSpec
{
    public V1LabelSelector Selector { get; set; } = new();

    public string JobLabel { get; set; } = "";

    public ServiceMonitorEndpoint[] Endpoints { get; set; } = [];
}

public sealed class ServiceMonitorEndpoint
{
    public string Port { get; set; } = "";

    public string Path { get; set; } = "";

    public string Interval { get; set; } = "";
}
