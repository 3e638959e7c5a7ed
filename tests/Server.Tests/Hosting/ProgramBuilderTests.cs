using Llama.Server.Web.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Llama.Server.Tests.Hosting;

public sealed class ProgramBuilderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-builder-").FullName;

    private string SettingsFile => Path.Combine(_folder, "appsettings.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Create_SettingsThatAreAFolder_SaysSo()
    {
        Directory.CreateDirectory(SettingsFile);

        Assert.StartsWith($"{SettingsFile} is a folder", Fault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_SettingsThatAreALinkToNowhere_SaysWhichFileAndWhatToDo()
    {
        File.CreateSymbolicLink(SettingsFile, Path.Combine(_folder, "nowhere"));

        Assert.Matches($"'{SettingsFile}'.* Mend the file, or take it away", Fault());
    }

    [Fact]
    public void Create_Settings_AreReadAndNotWatched()
    {
        File.WriteAllText(SettingsFile, """{"Model":{"Name":"of the file"}}""");

        WebApplicationBuilder builder = ProgramBuilder.Create([], _folder);

        Assert.Equal("of the file", builder.Configuration["Model:Name"]);
        Assert.NotEmpty(((IConfigurationBuilder)builder.Configuration).Sources.OfType<FileConfigurationSource>());
        Assert.All(((IConfigurationBuilder)builder.Configuration).Sources.OfType<FileConfigurationSource>(), source => Assert.False(source.ReloadOnChange));
    }

    private string Fault() => Assert.Throws<InvalidDataException>(() => ProgramBuilder.Create([], _folder)).Message;
}
