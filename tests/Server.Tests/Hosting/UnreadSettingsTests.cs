using Llama.Server.Hosting;

namespace Llama.Server.Tests.Hosting;

public sealed class UnreadSettingsTests : IDisposable
{
    private readonly string _working = Directory.CreateTempSubdirectory("llama-working-").FullName, _program = Directory.CreateTempSubdirectory("llama-program-").FullName;

    public void Dispose()
    {
        Directory.Delete(_working, recursive: true);
        Directory.Delete(_program, recursive: true);
    }

    [Theory]
    [InlineData(null, "{}", false)]
    [InlineData("{}", "{}", false)]
    [InlineData("{}", null, true)]
    [InlineData("""{"Server":{}}""", "{}", true)]
    public void Find_FileInTheWorkingFolder_IsToldWhereItSaysSomethingElse(string? working, string? read, bool isTold)
    {
        string unread = Path.Combine(_working, "appsettings.json");
        if (working is not null) File.WriteAllText(unread, working);
        if (read is not null) File.WriteAllText(Path.Combine(_program, "appsettings.json"), read);

        Assert.Equal(isTold ? unread : null, UnreadSettings.Find(_working, _program));
        Assert.Null(UnreadSettings.Find(_program, _program));
    }
}
