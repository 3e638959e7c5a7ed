using k8s;
using k8s.Models;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Deployment;

/// <summary>What lies in <c>deploy/kubernetes</c>, read by the types of Kubernetes: a field that it does not know is a fault.</summary>
internal static class Manifests
{
    private static readonly Dictionary<string, Type> Kinds = new() { ["monitoring.coreos.com/v1/ServiceMonitor"] = typeof(ServiceMonitor) };

    public static string Root { get; } = Repository.Find("deploy/kubernetes");

    /// <summary>Folders with a kustomization.</summary>
    public static string[] Folders { get; } = [.. Directory.GetFiles(Root, "kustomization.yaml", SearchOption.AllDirectories).Select(file => Path.GetDirectoryName(file)!).Order()];

    /// <summary>Every object of every file but the kustomizations, patches included.</summary>
    public static object[] All { get; } = [.. Directory.GetFiles(Root, "*.yaml", SearchOption.AllDirectories).Where(IsObjects).Order().SelectMany(file => Parse(File.ReadAllText(file)))];

    /// <summary>Deployments that are whole.</summary>
    public static V1Deployment[] Deployments { get; } = [.. All.OfType<V1Deployment>().Where(deployment => deployment.Spec.Selector is not null)];

    public static IEnumerable<object> Parse(string yaml) => KubernetesYaml.LoadAllFromString(yaml, Kinds, strict: true);

    /// <summary>Name and value of each environment variable, patches included.</summary>
    public static IEnumerable<(string Owner, V1EnvVar Variable)> Environment =>
        from deployment in All.OfType<V1Deployment>()
        from container in deployment.Spec.Template.Spec.Containers
        from variable in container.Env ?? []
        select (deployment.Metadata.Name, variable);

    private static bool IsObjects(string file) => Path.GetFileName(file) is not ("kustomization.yaml" or "prometheus-adapter-values.yaml");
}
