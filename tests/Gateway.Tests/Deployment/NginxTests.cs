using System.Diagnostics;
using System.Text.RegularExpressions;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests.Deployment;

public sealed partial class NginxTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nginx").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [NginxFact]
    public async Task Configuration_IsOneThatNginxTakes()
    {
        string path = Path.Combine(_folder, "nginx.conf");
        // Names of containers are looked up when nginx reads them.
        await File.WriteAllTextAsync(path, Temporary().Replace(Repository.Read("deploy/nginx/nginx.conf").Replace("replica-", "127.0.0."), match => $"\"{_folder}/{match.Groups[1]}\""));
        // As root it gives its folders to nobody, who is not there in a sandbox of one user; as another it warns of a user.
        const string Command = "PATH=$PATH:/usr/sbin; [ $(id -u) = 0 ] && user='user root;'; nginx -t -e /dev/stderr -g \"$user\" -c \"$0\"";
        using Process nginx = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Command, path]) { RedirectStandardError = true })!;
        string said = await nginx.StandardError.ReadToEndAsync();
        await nginx.WaitForExitAsync();

        Assert.True(nginx.ExitCode == 0, said);
        Assert.DoesNotContain("[warn]", said);
    }

    [GeneratedRegex(@"/tmp/([^;\s]*)")]
    private static partial Regex Temporary();
}
