using Llama.Server.Configuration;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Settings;
using Llama.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Llama.Server.Tests;

/// <summary>Nothing on the command line or in a file of settings is passed over.</summary>
public sealed class ServeArgumentsTests
{
    [Theory]
    [InlineData(new[] { "--Model:Path=a=b", "--urls", "http://127.0.0.1:0", "--scheduler:maxsequences", "-1" }, new[] { "--Model:Path=a=b", "--urls=http://127.0.0.1:0", "--scheduler:maxsequences=-1" })]
    [InlineData(new[] { "--Serilog:MinimumLevel=Debug", "--environment=Production", "--OTEL_SERVICE_NAME=x", "--Model:Path=" }, new[] { "--Serilog:MinimumLevel=Debug", "--environment=Production", "--OTEL_SERVICE_NAME=x", "--Model:Path=" })]
    public void Settings_OfTheProgramAndItsFramework_AreHandedOn(string[] args, string[] settings)
    {
        ServeArguments arguments = new(args, ServerSections.Names);

        Assert.Equal(settings, arguments.Settings);
        Assert.Empty(arguments.Faults);
    }

    [Theory]
    [InlineData("'--port' is not a setting; did you mean --urls=…?", "--port", "9000")]
    [InlineData("'-m' is not a setting; did you mean --Model:Path=…?", "-m", "model.gguf")]
    [InlineData("'-m' is not a setting; did you mean --Model:Path=…?", "-m=model.gguf")]
    [InlineData("'--max-sequences' is not a setting; did you mean --Scheduler:MaxSequences=…?", "--max-sequences=4")]
    [InlineData("'--Model__Path' is not a setting; did you mean --Model:Path=…?", "--Model__Path=x")]
    [InlineData("'Model:Path=x' is not a setting; did you mean --Model:Path=…?", "Model:Path=x")]
    [InlineData("'--Logging:LogLevel:Default' is not a setting; did you mean --Serilog:MinimumLevel:Default=…?", "--Logging:LogLevel:Default=Debug")]
    [InlineData("'--shutdownTimeoutSeconds' is not a setting; did you mean --Server:DrainSeconds=…?", "--shutdownTimeoutSeconds=5")]
    [InlineData("'--Modle:Path' is not a setting; they go as --Section:Key=value, with one of the sections Model, Scheduler, Server, Auth, RateLimits.", "--Modle:Path=x")]
    [InlineData("'--Model' is not a setting; did you mean --Model:Path=…?", "--Model=/models/llama")]
    [InlineData("'--Auth' is not a setting; they go as --Section:Key=value,", "--Auth=secret")]
    [InlineData("'--Kestrel' is not a setting;", "--Kestrel", "1")]
    [InlineData("'nonsense' is not a setting;", "nonsense")]
    [InlineData("'--' is not a setting;", "--")]
    [InlineData("--Model:Deterministic has no value; write --Model:Deterministic=….", "--Model:Deterministic", "--Model:Path=x")]
    [InlineData("--Model:Path has no value; write --Model:Path=….", "--Model:Path")]
    public void Faults_WordsThatMeanNothing_AreToldWithWhatMayBeMeant(string fault, params string[] args)
    {
        ServeArguments arguments = new(["--urls=http://127.0.0.1:0", .. args], ServerSections.Names);

        Assert.StartsWith(fault, Assert.Single(arguments.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain(arguments.Settings, setting => setting.Contains("Deterministic") || setting.EndsWith(":Path", StringComparison.Ordinal));
    }

    [Fact]
    public void Meant_EverySettingByItsBareName_IsFound()
    {
        foreach ((string section, Type type) in ServerSections.All)
            Assert.All(SettingsBinder.PropertiesOf(type).Keys, key => Assert.Equal($"{section}:{key}", ServerSections.Names.Meant($"--{section}{key}")));
    }

    [Fact]
    public void Validate_SectionsThatNothingReads_AreNamedWithTheirFile()
    {
        using TempFolder folder = new("llama-settings-");
        File.WriteAllText(folder.In("appsettings.json"), """{ "Modle": { "Path": "x" }, "model": { "Name": "x" }, "Auth": "secret", "Serilog": {}, "Kestrel": {}, "Logging": { "LogLevel": { "Default": "Debug" } } }""");
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        builder.Configuration.AddInMemoryCollection([new("Model:Path", TestModel.Folder)]);
        builder.AddSettings(new LlamaOptions { ConfigurationSection = "" });
        builder.Services.AddUnknownSettings<ServerSettings>(ServerSections.Names, ["'x' is nothing"]);
        using WebApplication app = builder.Build();

        OptionsValidationException faults = Assert.Throws<OptionsValidationException>(() => app.Services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Equal(["'x' is nothing", "appsettings.json gives the section 'Auth' one value; its settings go as \"Auth\": { \"Key\": value }.",
            "appsettings.json has a section 'Logging', which nothing reads; did you mean Serilog:MinimumLevel:Default?",
            "appsettings.json has a section 'Modle', which nothing reads; there are Model, Scheduler, Server, Auth, RateLimits."], faults.Failures);
    }
}
