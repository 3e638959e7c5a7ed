using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Deployment;

/// <summary>Alerts, runbook and dashboard against each other and against what a server really says.</summary>
public sealed partial class WatchingTests
{
    [Fact]
    public async Task Queries_AskForWhatThereIs()
    {
        (HashSet<string> metrics, HashSet<string> labels) = await Watching.ThereIsAsync();

        foreach ((string who, string query) in Watching.Queries)
        {
            Assert.All(Watching.Metrics(query), metric => Assert.True(metrics.Contains(metric), $"{who}: there is no {metric}"));
            Assert.All(Watching.Labels(query), label => Assert.True(labels.Contains(label), $"{who}: nothing has a label {label}"));
        }
    }

    [Fact]
    public async Task Metrics_OfTheServer_AreAllLookedAt()
    {
        (HashSet<string> metrics, _) = await Watching.ThereIsAsync();
        string[] asked = [.. Watching.Queries.SelectMany(one => Watching.Metrics(one.Query)).Select(Family)];

        Assert.Equal(
            ["gen_ai_server_time_per_output_token_seconds", "gen_ai_server_time_to_first_token_seconds", "vllm:e2e_request_latency_seconds"], // each has a twin that is
            metrics.Where(metric => !metric.StartsWith("gateway_", StringComparison.Ordinal)).Select(Family).Distinct().Except(asked).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Alerts_EachHasItsTextsItsTestAndItsRunbook()
    {
        string runbook = Repository.Read("docs/runbook.md"), tests = Repository.Read("deploy/prometheus/alerts-test.yml");
        string[] names = [.. Watching.Alerts.Select(alert => (string)alert["alert"])];

        foreach (Dictionary<string, object> alert in Watching.Alerts)
        {
            string name = (string)alert["alert"];
            var annotations = (Dictionary<object, object>)alert["annotations"];
            Assert.All(["summary", "description"], text => Assert.True(((string)annotations[text]).Length > 20, name));
            Assert.Equal($"docs/runbook.md#{name.ToLowerInvariant()}", annotations["runbook_url"]);
            Assert.Contains((string)((Dictionary<object, object>)alert["labels"])["severity"], (string[])["page", "ticket"]);
            Assert.True(alert.ContainsKey("for"), name);
            Assert.Contains($"alertname=\"{name}\"", tests);
        }
        Assert.Equal(names.Distinct(), names);
        Assert.Equal(names.Order(), Heading.Matches(runbook).Select(heading => heading.Groups["name"].Value).Order());
    }

    [Fact]
    public void Runbook_NamesPanelsThatThereAre()
    {
        string[] titles = [.. Watching.Panels.Select(panel => (string)panel["title"]!)];
        string[] named = [.. Emphasis.Matches(Repository.Read("docs/runbook.md")).Select(match => match.Groups["text"].Value.ReplaceLineEndings(" ")).Except(["Status → Targets"])];

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, titles));
    }

    [Fact]
    public void Dashboard_Panels_HaveIdsUnitsTextsAndRoom()
    {
        JsonNode[] panels = Watching.Panels;
        var taken = new HashSet<(int, int)>();

        Assert.Equal(panels.Length, panels.Select(panel => (int)panel["id"]!).Distinct().Count());
        foreach (JsonNode panel in panels)
        {
            JsonNode at = panel["gridPos"]!;
            for (int cell = 0; cell < (int)at["w"]! * (int)at["h"]!; cell++)
                Assert.True(taken.Add(((int)at["x"]! + (cell % (int)at["w"]!), (int)at["y"]! + (cell / (int)at["w"]!))), $"{panel["title"]} lies over another");
            Assert.True((int)at["x"]! + (int)at["w"]! <= 24);
            if ((string?)panel["type"] == "row")
                continue;
            Assert.NotEmpty((string)panel["fieldConfig"]!["defaults"]!["unit"]!);
            Assert.NotEmpty((string)panel["description"]!);
            Assert.Equal("${datasource}", (string?)panel["datasource"]!["uid"]);
            Assert.All(panel["targets"]!.AsArray(), target => Assert.DoesNotContain("rate(", Regex.Replace((string)target!["expr"]!, @"rate\([^\[]*\[\$__rate_interval\]", "")));
        }
    }

    [Fact]
    public void Provisioning_AgreesWithCompose()
    {
        string compose = Repository.Read("docker-compose.yml");
        var provider = (Dictionary<object, object>)((List<object>)Watching.Read("deploy/grafana/provisioning/dashboards/llama.yml")["providers"])[0];
        var source = (Dictionary<object, object>)((List<object>)Watching.Read("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"])[0];
        string config = Repository.Read("deploy/prometheus/prometheus.yml");

        Assert.Contains($"./deploy/grafana/dashboards:{((Dictionary<object, object>)provider["options"])["path"]}:ro", compose);
        Assert.Contains("./deploy/grafana/provisioning:/etc/grafana/provisioning:ro", compose);
        Assert.Equal("http://prometheus:9090", source["url"]);
        Assert.Contains("./deploy/prometheus:/etc/prometheus:ro", compose);
        Assert.All(Target.Matches(config).Select(match => match.Groups["host"].Value), host => Assert.Contains($"\n  {host}:\n", compose));
        Assert.Equal(3, Target.Matches(config).Count);
    }

    [PromtoolFact]
    public async Task Promtool_TakesTheConfigurationAndTheRulesAndTheirTestsPass()
    {
        (int code, string output, string errors) = await OtherProgram.RunAsync("promtool", "check", "config", Repository.Find("deploy/prometheus/prometheus.yml"));
        Assert.True(code == 0, output + errors);
        (code, output, errors) = await OtherProgram.RunAsync("promtool", "test", "rules", Repository.Find("deploy/prometheus/alerts-test.yml"));
        Assert.True(code == 0, output + errors);
    }

    private static string Family(string metric) => Suffix.Replace(metric, "");

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix { get; }

    [GeneratedRegex("^## (?<name>[A-Za-z]+)$", RegexOptions.Multiline)]
    private static partial Regex Heading { get; }

    [GeneratedRegex(@"(?<!\*)\*(?<text>[^*\n][^*]*)\*(?!\*)")]
    private static partial Regex Emphasis { get; }

    [GeneratedRegex("\"(?<host>replica-[0-9]+):8080\"")]
    private static partial Regex Target { get; }
}
