using System.Diagnostics;

namespace Llama.Gateway.Tests.Deployment;

public sealed class NginxTests
{
    [NginxFact]
    public async Task Configuration_IsOneThatNginxTakes()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("nginx").FullName, "nginx.conf");
        // Names of containers are looked up when nginx reads them.
        await File.WriteAllTextAsync(path, Repository.Read("deploy/nginx/nginx.conf").Replace("replica-", "127.0.0.").Replace("/tmp/", $"{Path.GetDirectoryName(path)}/"));
        using Process nginx = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "PATH=$PATH:/usr/sbin; nginx -t -e /dev/stderr -c \"$0\"", path]) { RedirectStandardError = true })!;
        string said = await nginx.StandardError.ReadToEndAsync();
        await nginx.WaitForExitAsync();

        Assert.True(nginx.ExitCode == 0, said);
        Assert.DoesNotContain("[warn]", said);
    }
}
