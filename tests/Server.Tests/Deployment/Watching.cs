using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Llama.Server.Tests.Hosting;
using Llama.Server.Tests.Telemetry;
using Llama.Tests.Shared;
using YamlDotNet.Serialization;

namespace Llama.Server.Tests.Deployment;

/// <summary>What dashboard and alerts ask Prometheus for, and what there is to ask for.</summary>
internal static partial class Watching
{
    private static readonly string[] PrometheusOwn = ["up", "ALERTS"];
    private static readonly string[] LabelsOfTheScrape = ["instance", "job"];

    public static JsonNode Dashboard { get; } = JsonNode.Parse(Repository.Read("deploy/grafana/dashboards/llama.json"))!;

    public static JsonNode[] Panels { get; } = [.. Dashboard["panels"]!.AsArray().Select(panel => panel!)];

    public static Dictionary<string, object>[] Alerts { get; } =
    [
        .. from @group in (List<object>)Read("deploy/prometheus/alerts.yml")["groups"]
           from rule in (List<object>)((Dictionary<object, object>)@group)["rules"]
           select ((Dictionary<object, object>)rule).ToDictionary(pair => (string)pair.Key, pair => pair.Value),
    ];

    /// <summary>Every query, by who asks it.</summary>
    public static IEnumerable<(string Who, string Query)> Queries =>
        (from panel in Panels
         where panel["targets"] is not null
         from target in panel["targets"]!.AsArray()
         select ((string)panel["title"]!, (string)target!["expr"]!))
        .Concat(Alerts.Select(alert => ((string)alert["alert"], (string)alert["expr"])));

    public static Dictionary<string, object> Read(string yaml) => new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(Repository.Read(yaml));

    /// <summary>Names of metrics in a query.</summary>
    public static IEnumerable<string> Metrics(string query) =>
        Name.Matches(Grouping.Replace(Matchers.Replace(query, ""), "")).Select(match => match.Value).Except(PrometheusOwn);

    /// <summary>Labels that a query groups, joins or selects by.</summary>
    public static IEnumerable<string> Labels(string query) =>
        Grouping.Matches(query).SelectMany(match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries))
            .Concat(Matcher.Matches(string.Concat(Matchers.Matches(query).Select(match => match.Value))).Select(match => match.Groups["label"].Value));

    /// <summary>All that a server says that has keys and limits and has been used, and what the gateway's sources name.</summary>
    public static async Task<(HashSet<string> Metrics, HashSet<string> Labels)> ThereIsAsync()
    {
        await using var app = new TestApp
        {
            Reply = "A tall animal.",
            Settings =
            {
                ["Auth:MetricsKey"] = "scrape", ["Auth:ApiKeys:0:Name"] = "shop", ["Auth:ApiKeys:0:Key"] = "k", ["Auth:ApiKeys:0:RequestsPerMinute"] = "2", ["RateLimits:Redis"] = "127.0.0.1:1",
            },
        };
        HttpClient client = await app.StartAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "k");
        for (int i = 0; i < 3; i++)
            await client.PostAsync("/v1/chat/completions", TestApp.Chat());
        client.DefaultRequestHeaders.Authorization = new("Bearer", "scrape");
        var scrape = new Scrape(await client.GetStringAsync("/metrics"));

        string gateway = string.Concat(Directory.GetFiles(Repository.Find("deploy/Gateway/Telemetry"), "*.cs").Select(File.ReadAllText));
        return (
            [.. scrape.Samples.Select(sample => sample.Name), .. GatewayMetric.Matches(gateway).Select(match => match.Groups["name"].Value)],
            [.. scrape.Samples.SelectMany(sample => sample.Labels.Keys), .. GatewayLabel.Matches(gateway).Select(match => match.Groups["name"].Value), .. LabelsOfTheScrape]);
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Matchers { get; }

    [GeneratedRegex("(?<label>[a-z_]+)\\s*(=~|!~|!=|=)\\s*\"")]
    private static partial Regex Matcher { get; }

    [GeneratedRegex(@"\b(by|on|without|ignoring)\s*\((?<labels>[^)]*)\)")]
    private static partial Regex Grouping { get; }

    [GeneratedRegex(@"\b(up|ALERTS|(vllm:|llama_|gen_ai_|gateway_|process_|dotnet_)[a-z0-9_]+)\b")]
    private static partial Regex Name { get; }

    [GeneratedRegex("Create[A-Za-z]+(<[a-z]+>)?\\(\"(?<name>gateway_[a-z_]+)\"")]
    private static partial Regex GatewayMetric { get; }

    [GeneratedRegex("(new\\(|object\\?>\\()\"(?<name>[a-z]+)\"")]
    private static partial Regex GatewayLabel { get; }
}
