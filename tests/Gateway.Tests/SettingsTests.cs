using Llama.Gateway.Hosting;
using Llama.Server.Web.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Tests;

public sealed class SettingsTests
{
    [Fact]
    public void Settings_ManyFaults_AreToldTogether() => Assert.Equal(
        """
        The settings have 7 fault(s):
          - Gateway:Foo is not a setting; that section has Replicas, LookUpSeconds, LoadFactor, ProbeSeconds, AnswerSeconds, MaxFailures, MaxRequestBodyBytes, DrainSeconds, Cors, LogFormat.
          - Gateway:ProbeSeconds is 'x'; give a whole number.
          - Gateway:LoadFactor must be between 1 and 100.
          - Gateway:Replicas:0 is 'http://a/b'; give http://host:port, without a path.
          - Gateway:Replicas:1 is 'localhost:9001'; give http://host:port, without a path.
          - Gateway:Replicas has '127.0.0.1:9001' 2 times; name each server once.
          - Gateway:Cors:Origins has 'example.com'; give scheme, host and port alone, such as https://app.example.com, or * for all.
        """,
        Faults(
            "--Gateway:Replicas:0=http://a/b", "--Gateway:Replicas:1=localhost:9001", "--Gateway:Replicas:2=http://127.0.0.1:9001", "--Gateway:Replicas:3=http://127.0.0.1:9001/",
            "--Gateway:LoadFactor=0.5", "--Gateway:Foo=1", "--Gateway:ProbeSeconds=x", "--Gateway:Cors:Origins:0=example.com"));

    [Fact]
    public void Settings_NoReplicas_TellsHowToNameThem() => Assert.Contains("Gateway:Replicas is empty; give the servers' addresses, e.g. --Gateway:Replicas:0=http://", Faults());

    [Fact]
    public void Settings_OfTheFile_AreTheDefaultsAndHelpListsAll()
    {
        using var app = GatewayApp.Build(["--Gateway:Replicas:0=http://127.0.0.1:9001"]);
        var help = new StringWriter();
        GatewayHelp.TryAnswer(["--help"], help, TextWriter.Null);
        var settings = app.Services.GetRequiredService<IOptions<Gateway.Configuration.GatewaySettings>>().Value;
        var defaults = new Gateway.Configuration.GatewaySettings();

        Assert.All(typeof(Gateway.Configuration.GatewaySettings).GetProperties(), property =>
        {
            Assert.Contains($"--Gateway:{property.Name}", help.ToString());
            Assert.True(property.Name is "Replicas" or "Cors" || Equals(property.GetValue(defaults), property.GetValue(settings)));
        });
        Assert.Contains("--Kestrel:Certificates:Default:Path", help.ToString());
    }

    [Fact]
    public void Limits_OfConnections_AreTheWebServers()
    {
        using var app = GatewayApp.Build(["--Kestrel:Limits:RequestHeadersTimeout=00:00:02"]);

        Assert.Equal(TimeSpan.FromSeconds(2), app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.RequestHeadersTimeout);
    }

    private static string Faults(params string[] args)
    {
        using var app = GatewayApp.Build(args);
        return SettingsFaults.Describe(SettingsFaults.Find(app.Services));
    }
}
