using Llama.Tests.Shared;
using YamlDotNet.Serialization;

namespace Llama.Gateway.Tests.Deployment;

/// <summary>What Docker would find wrong, as far as it can be seen without Docker.</summary>
public sealed class ComposeTests
{
    // Keys of the Compose Specification that are used; a typing error is none of them, and Compose refuses it.
    private static readonly string[] ServiceKeys =
    [
        "image", "build", "command", "environment", "volumes", "ports", "depends_on", "profiles", "user", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_signal",
        "stop_grace_period", "restart",
    ];

    private static readonly Dictionary<object, object> Compose =
        new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<Dictionary<object, object>>(
            new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(new StringReader(Repository.Read("docker-compose.yml")))));

    private static Dictionary<object, object> Services => (Dictionary<object, object>)Compose["services"];

    [Fact]
    public void Keys_AreThoseThatComposeKnows()
    {
        Assert.Empty(Compose.Keys.Except(["name", "services", "volumes", "x-replica"]));
        Assert.All(Services, service => Assert.Empty(Of(service.Value).Keys.Except(ServiceKeys)));
    }

    [Fact]
    public void Services_DependOnOnesThatAreThere() => Assert.All(
        Services.Values.Select(Of).Where(service => service.ContainsKey("depends_on")),
        service => Assert.All(service["depends_on"] is Dictionary<object, object> named ? named.Keys : (IEnumerable<object>)service["depends_on"], other => Assert.Contains(other, Services.Keys)));

    [Fact]
    public void Builds_NameStagesOfTheDockerfile() => Assert.All(
        Services.Values.Select(Of).Where(service => service.ContainsKey("build")),
        service => Assert.Contains($" AS {Of(service["build"])["target"]}\n", Repository.Read("Dockerfile")));

    [Fact]
    public void Volumes_AreNamedOrStandInTheRepository() => Assert.All(
        from service in Services.Values.Select(Of)
        where service.ContainsKey("volumes")
        from volume in (List<object>)service["volumes"]
        select ((string)volume).Replace("${MODEL:-./models}", "./models").Split(':')[0],
        source => Assert.True(Of(Compose["volumes"]).ContainsKey(source) || Path.Exists(Repository.Find(source)), source));

    [Fact]
    public void Model_IsMountedUnderTheNameThatItHasOutside()
    {
        Dictionary<object, object> replica = Of(Services["replica-1"]);

        Assert.Equal("${MODEL:-}", Of(replica["environment"])["Model__Path"]);
        Assert.Equal("${MODEL:-./models}:${MODEL:-/models}:ro", Assert.Single((List<object>)replica["volumes"]));
    }

    [Theory]
    [InlineData("replica-1", "Server__DrainSeconds")]
    [InlineData("replica-3", "Server__DrainSeconds")]
    [InlineData("gateway", "Gateway__DrainSeconds")]
    public void Grace_IsLongerThanTheDrain(string service, string setting)
    {
        Dictionary<object, object> keys = Of(Services[service]);
        int drain = int.Parse(Of(keys["environment"])[setting].ToString()!);

        Assert.True(int.Parse(((string)keys["stop_grace_period"]).TrimEnd('s')) >= drain + 10); // after the drain the last answers are written
    }

    [Fact]
    public void Containers_OfOurs_AreReadOnlyButForTmp() => Assert.All(
        Services.Where(service => service.Key is not ("prometheus" or "grafana")).Select(service => Of(service.Value)), service =>
        {
            Assert.Equal("true", service["read_only"].ToString()!.ToLowerInvariant());
            Assert.Equal("/tmp", Assert.Single((List<object>)service["tmpfs"]));
        });

    [Fact]
    public void Nginx_StandsBeforeEveryReplica()
    {
        string nginx = Repository.Read("deploy/nginx/nginx.conf");
        string[] replicas = [.. Services.Keys.Cast<string>().Where(name => name.StartsWith("replica-", StringComparison.Ordinal))];

        Assert.Equal(3, replicas.Length);
        Assert.All(replicas, name => Assert.Contains($"server {name}:8080 ", nginx));
        Assert.All(replicas, name => Assert.Contains($"http://{name}:8080", Of(Of(Services["gateway"])["environment"]).Values));
    }

    private static Dictionary<object, object> Of(object? mapping) => Assert.IsType<Dictionary<object, object>>(mapping);
}
