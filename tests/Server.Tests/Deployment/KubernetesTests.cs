using System.Reflection;
using System.Text.RegularExpressions;
using k8s.Models;
using Llama.Server.Configuration;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests.Deployment;

/// <summary>The manifests against Kubernetes' own types, each other, the programs and their images.</summary>
public sealed class KubernetesTests
{
    private static readonly Dictionary<string, Type> Sections = new()
    {
        ["Model"] = typeof(ModelSettings),
        ["Scheduler"] = typeof(SchedulerSettings),
        ["Server"] = typeof(ServerSettings),
        ["Auth"] = typeof(AuthSettings),
        ["RateLimits"] = typeof(RateLimitsSettings),
    };

    [Fact]
    public void Files_OfEveryKind_AreRead()
    {
        Type[] kinds = [.. Manifests.All.Select(one => one.GetType()).Distinct()];

        Assert.All(
            [typeof(V1Deployment), typeof(V1Service), typeof(V1PodDisruptionBudget), typeof(V1NetworkPolicy), typeof(V2HorizontalPodAutoscaler), typeof(ServiceMonitor)],
            kind => Assert.Contains(kind, kinds));
        Assert.ThrowsAny<Exception>(() => Manifests.Parse(File.ReadAllText(Path.Combine(Manifests.Root, "base/deployment.yaml")).Replace("readinessProbe", "readynessProbe")).ToArray());
    }

    [Fact]
    public async Task Probes_AskRoutesThatThereAreAtAPortThatIsOpen()
    {
        await using var app = new TestApp();
        await app.StartAsync();
        string[] routes = [.. app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(route => $"/{route.RoutePattern.RawText!.Trim('/')}")];
        string gateway = Repository.Read("deploy/Gateway/Health/GatewayHealth.cs");

        foreach (V1Deployment deployment in Manifests.Deployments)
        {
            V1Container container = Assert.Single(deployment.Spec.Template.Spec.Containers);
            V1Probe[] probes = [.. new[] { container.StartupProbe, container.LivenessProbe, container.ReadinessProbe }.OfType<V1Probe>()];
            Assert.NotNull(container.ReadinessProbe);
            Assert.All(probes, probe => Assert.Contains((probe.HttpGet?.Port ?? probe.TcpSocket.Port).Value, container.Ports.Select(port => port.Name)));
            foreach (V1HTTPGetAction probe in probes.Select(probe => probe.HttpGet).OfType<V1HTTPGetAction>())
            {
                if (container.Name == "server") Assert.Contains(probe.Path, routes);
                else Assert.Contains($"\"{probe.Path}\"", gateway);
            }
        }
    }

    [Fact]
    public void Environment_IsMadeOfSettingsThatThereAre()
    {
        string gateway = Repository.Read("deploy/Gateway/Configuration/GatewaySettings.cs");
        string[] variables = [.. Manifests.Environment.Select(one => one.Variable.Name)];

        Assert.Contains("Server__DrainSeconds", variables);
        foreach (string[] path in variables.Select(name => name.Split("__")))
        {
            if (path[0] == "Gateway") Assert.Contains($" {path[1]} {{ get; set; }}", gateway);
            else Assert.NotNull(Sections[path[0]].GetProperty(path[1], BindingFlags.Public | BindingFlags.Instance));
        }
    }

    [Fact]
    public void Grace_IsLongerThanPauseAndDrain()
    {
        foreach (V1Deployment deployment in Manifests.Deployments.Where(one => one.Metadata.Name != "llama-redis"))
        {
            V1PodSpec pod = deployment.Spec.Template.Spec;
            int drain = int.Parse(pod.Containers[0].Env.Single(variable => variable.Name.EndsWith("__DrainSeconds", StringComparison.Ordinal)).Value);
            Assert.True(pod.TerminationGracePeriodSeconds > pod.Containers[0].Lifecycle.PreStop.Sleep.Seconds + drain + 10, deployment.Metadata.Name);
        }
    }

    [Fact]
    public void Pods_HaveNoRightsThatTheImagesDoNotNeed()
    {
        Assert.Contains("\nUSER 1654:1654\n", Repository.Read("Dockerfile"));
        foreach (V1PodSpec pod in Manifests.Deployments.Select(deployment => deployment.Spec.Template.Spec))
        {
            V1Container container = pod.Containers[0];
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.True(container.Resources.Requests.ContainsKey("cpu") && container.Resources.Limits.ContainsKey("memory"));
            if (container.Name == "redis")
                continue;
            Assert.Equal((1654, 1654), (pod.SecurityContext.RunAsUser, pod.SecurityContext.RunAsGroup));
            Assert.Contains(container.VolumeMounts, mount => mount.MountPath == "/tmp");
        }
    }

    [Fact]
    public void Images_AreThoseOfCompose()
    {
        string compose = Repository.Read("docker-compose.yml");

        Assert.All(["llama-server", "llama-gateway"], image => Assert.Contains(Manifests.Deployments, deployment => deployment.Spec.Template.Spec.Containers[0].Image == image));
        Assert.All(["llama-server", "llama-gateway"], image => Assert.Contains($"image: {image}\n", compose));
    }

    [Fact]
    public void Selectors_FindPods()
    {
        IDictionary<string, string>[] pods = [.. Manifests.Deployments.Select(deployment => deployment.Spec.Template.Metadata.Labels)];
        (string Who, IDictionary<string, string> Labels)[] selectors =
        [
            .. Manifests.Deployments.Select(one => (one.Metadata.Name, one.Spec.Selector.MatchLabels)),
            .. Manifests.Deployments.SelectMany(one => (one.Spec.Template.Spec.TopologySpreadConstraints ?? []).Select(spread => (one.Metadata.Name, spread.LabelSelector.MatchLabels))),
            .. Manifests.All.OfType<V1Service>().Select(one => (one.Metadata.Name, one.Spec.Selector)),
            .. Manifests.All.OfType<V1PodDisruptionBudget>().Select(one => (one.Metadata.Name, one.Spec.Selector.MatchLabels)),
            .. Manifests.All.OfType<V1NetworkPolicy>().Select(one => (one.Metadata.Name, one.Spec.PodSelector.MatchLabels)),
            .. from policy in Manifests.All.OfType<V1NetworkPolicy>()
               from peer in policy.Spec.Ingress.SelectMany(rule => rule.FromProperty ?? []).Concat((policy.Spec.Egress ?? []).SelectMany(rule => rule.To ?? []))
               where peer.PodSelector?.MatchLabels is { Count: > 0 }
               select (policy.Metadata.Name, peer.PodSelector.MatchLabels),
        ];

        Assert.All(selectors, selector => Assert.True(pods.Any(labels => Covers(labels, selector.Labels)), selector.Who));
        foreach (V1Service service in Manifests.All.OfType<V1Service>())
        {
            V1Deployment behind = Manifests.Deployments.Single(deployment => Covers(deployment.Spec.Template.Metadata.Labels, service.Spec.Selector));
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, behind.Spec.Template.Spec.Containers[0].Ports.Select(open => open.Name)));
        }
    }

    [Fact]
    public void Names_OfOtherServices_AreTheirs()
    {
        V1Service[] services = [.. Manifests.All.OfType<V1Service>()];
        (string Host, int Port)[] called =
        [
            .. Manifests.Environment.Where(one => one.Variable.Name.StartsWith("Gateway__Replicas", StringComparison.Ordinal)).Select(one => new Uri(one.Variable.Value)).Select(uri => (uri.Host, uri.Port)),
            .. Manifests.Environment.Where(one => one.Variable.Name == "RateLimits__Redis").Select(one => one.Variable.Value.Split(':')).Select(parts => (parts[0], int.Parse(parts[1]))),
        ];

        Assert.Equal(2, called.Length);
        Assert.All(called, one => Assert.Contains(services.Single(service => service.Metadata.Name == one.Host).Spec.Ports, port => port.Port == one.Port));
    }

    [Fact]
    public async Task Autoscaler_ReadsTheMetricThatTheAdapterMakesOfTheServers()
    {
        V2HorizontalPodAutoscaler autoscaler = Assert.Single(Manifests.All.OfType<V2HorizontalPodAutoscaler>());
        var custom = (List<object>)((Dictionary<object, object>)Watching.Read("deploy/kubernetes/components/monitoring/prometheus-adapter-values.yaml")["rules"])["custom"];
        var rule = (Dictionary<object, object>)custom[0];
        var name = (Dictionary<object, object>)rule["name"];
        string metric = Assert.Single(Watching.Metrics(((string)rule["seriesQuery"]).Split('{')[0]));

        Assert.Contains(metric, (await Watching.ThereIsAsync()).Metrics);
        Assert.Equal(autoscaler.Spec.Metrics[0].Pods.Metric.Name, Regex.Replace(metric, (string)name["matches"], ((string)name["as"]).Replace("${1}", "$1")));
        Assert.Contains(Manifests.Deployments, deployment => deployment.Metadata.Name == autoscaler.Spec.ScaleTargetRef.Name);
    }

    [Theory]
    [InlineData("llama-server", "llama", "deploy/kubernetes/base/kustomization.yaml", "pairs: { app.kubernetes.io/part-of: llama }", "app.kubernetes.io/part-of")]
    [InlineData("llama-gateway", "llama-gateway", "deploy/kubernetes/components/gateway/gateway.yaml", "labels: { app.kubernetes.io/name: llama-gateway }", "app.kubernetes.io/name")]
    public void ServiceMonitor_FindsOneServiceAndNamesTheJobAsDashboardsDo(string name, string job, string file, string labelled, string label)
    {
        ServiceMonitor monitor = Assert.Single(Manifests.All.OfType<ServiceMonitor>(), one => one.Metadata.Name == name);
        V1Service service = Assert.Single(Manifests.All.OfType<V1Service>(), one => Covers(one.Metadata.Labels ?? new Dictionary<string, string>(), monitor.Spec.Selector.MatchLabels));

        Assert.All(monitor.Spec.Endpoints, endpoint => Assert.Contains(service.Spec.Ports, port => port.Name == endpoint.Port));
        Assert.Equal("/metrics", monitor.Spec.Endpoints[0].Path);
        Assert.Equal(label, monitor.Spec.JobLabel);
        Assert.Contains(labelled, Repository.Read(file));
        Assert.Contains($"job=\"{job}\"", Repository.Read("deploy/prometheus/alerts.yml") + Repository.Read("deploy/grafana/dashboards/llama.json").Replace("\\\"", "\""));
    }

    [Fact]
    public void Kustomizations_NameFilesThatThereAreAndLeaveNoneOut()
    {
        var named = new List<string>();
        foreach (string folder in Manifests.Folders)
        {
            Dictionary<string, object> file = Watching.Read(Path.Combine(folder, "kustomization.yaml"));
            IEnumerable<string> patches = file.TryGetValue("patches", out object? all) ? ((List<object>)all).Cast<Dictionary<object, object>>().Where(patch => patch.ContainsKey("path")).Select(patch => (string)patch["path"]) : [];
            named.AddRange(Of("resources").Concat(Of("components")).Concat(patches).Select(path => Path.GetFullPath(Path.Combine(folder, path))));

            IEnumerable<string> Of(string key) => file.TryGetValue(key, out object? paths) ? ((List<object>)paths).Cast<string>() : [];
        }
        string[] files = [.. Directory.GetFiles(Manifests.Root, "*.yaml", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("kustomization.yaml" or "prometheus-adapter-values.yaml"))];

        Assert.All(named, path => Assert.True(File.Exists(path) || Manifests.Folders.Contains(path), path));
        Assert.Empty(files.Except(named));
    }

    [KubectlFact]
    public async Task Overlays_PutTogether_AreWhole()
    {
        foreach (string folder in Manifests.Folders.Where(folder => !folder.Contains("/components/", StringComparison.Ordinal)))
        {
            (int code, string output, string errors) = await OtherProgram.RunAsync("kubectl", "kustomize", folder);
            Assert.True(code == 0, errors);
            object[] objects = [.. Manifests.Parse(output)];
            V1Deployment server = objects.OfType<V1Deployment>().Single(deployment => deployment.Metadata.Name == "llama-server");
            V1PodSpec pod = server.Spec.Template.Spec;
            Assert.NotNull(server.Spec.Selector);
            Assert.Equal(objects.OfType<V2HorizontalPodAutoscaler>().Any(), server.Spec.Replicas is null);
            Assert.All(pod.Containers[0].VolumeMounts, mount => Assert.Contains(pod.Volumes, volume => volume.Name == mount.Name));
            Assert.Contains(pod.Containers[0].Env, variable => variable.Name == "Server__DrainSeconds");
            if (Path.GetFileName(folder) == "gpu")
                Assert.Equal(("nvidia", "llama-server:cuda", "1"), (pod.RuntimeClassName, pod.Containers[0].Image, pod.Containers[0].Resources.Limits["nvidia.com/gpu"].ToString()));
        }
    }

    private static bool Covers(IDictionary<string, string> labels, IDictionary<string, string> wanted) => wanted.All(label => labels.TryGetValue(label.Key, out string? value) && value == label.Value);
}
